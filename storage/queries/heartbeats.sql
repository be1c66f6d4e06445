-- name: beat
-- $1 name, $2 role, $3 its clock, $4 its parts.
insert into heartbeats (name, role, clock, parts) values ($1, $2, $3, $4)
on conflict (name) do update set
    role = excluded.role, seen_at = clock_timestamp(), clock = excluded.clock, parts = excluded.parts, stopped = false;

-- name: forget_stopped
-- Those of the role $1, of which any can take another's place, that were ended in order.
delete from heartbeats where role = $1 and stopped;

-- name: stop
update heartbeats set stopped = true, seen_at = now() where name = $1;

-- name: all
-- Each process; `silent_s`: seconds since it was there, by PostgreSQL's clock, which may have been set back since;
-- `off_s`: seconds by which its clock is ahead.
select name, role, stopped, parts, seen_at, abs(extract(epoch from now() - seen_at))::float8 as silent_s,
    extract(epoch from clock - seen_at)::float8 as off_s
from heartbeats where seen_at > now() - interval '30 days' order by role, name;

-- name: forget
delete from heartbeats where name = $1 returning name;
