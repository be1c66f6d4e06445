-- Screens: numbered deltas, and the snapshot that they add up to.

-- What the audiences in $1 see now, and the number it stands for. One statement, so one moment.
-- name: snapshot
select coalesce((select max(seq) from push_log), 0) as n,
       coalesce((select jsonb_object_agg(kind, body) from screens where audience = any($1::text[])), '{}') as state

-- What the audiences in $1 missed after $2, at most $3 rows. Complete only if $2 is still within `held`.
-- name: missed
select seq, audience, kind, body
from push_log
where seq > $2 and audience = any($1::text[])
order by seq
limit $3

-- The oldest and newest number still held; 0 and 0 when there is none.
-- name: held
select coalesce(min(seq), 0) as oldest, coalesce(max(seq), 0) as newest from push_log

-- Everybody's deltas after $1, for a listener that was disconnected.
-- name: since
select seq, audience, kind, body from push_log where seq > $1 order by seq

-- The body that was too long for a notification.
-- name: body
select body from push_log where seq = $1

-- Delete what is older than $1. Only the oldest rows are removed, without gaps, and the newest row
-- stays, so `max(seq)` never goes back.
-- name: forget
delete from push_log
where seq <= (select max(seq) from push_log where at < now() - $1::interval)
  and seq < (select max(seq) from push_log)
