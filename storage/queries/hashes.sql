-- Recordings read back from the store, a share each night, and compared with the custody chain.

-- Only one process reads them.
-- name: lead
select pg_try_advisory_lock(hashtext('hashes'));

-- name: night
-- The hour of the night in the zone in which most companies are at $1, and the moment at which that day began.
select extract(hour from $1::timestamptz at time zone zone)::integer as hour,
    date_trunc('day', $1::timestamptz at time zone zone) at time zone zone as began
from (
    select coalesce((select zone from companies group by zone order by count(*) desc, zone limit 1), 'Europe/Moscow') as zone
) centre;

-- name: share
-- How many are still to be read in the night that began at $1, so that all are in $2 nights. $3: the states that are kept.
select greatest(0, ceil(count(*)::numeric / $2)::integer - count(*) filter (where h.checked_at >= $1))::integer
from recordings r left join recording_hashes h on h.recording_id = r.id
where r.state = any($3) and r.object_key is not null;

-- name: due
-- The next $2 that were not read since $1: those with a finding first, then those that were read longest ago. What is to be
-- read is what the chain names; the row is asked only where the chain has no entry. `copy`: see recording_copies.
with next as (
    select r.id from recordings r left join recording_hashes h on h.recording_id = r.id
    where r.state = any($3) and r.object_key is not null and (h.checked_at is null or h.checked_at < $1)
    order by h.problem is null, coalesce(h.checked_at, r.verified_at, r.recorded_at) nulls first, r.id limit $2
)
select r.id, as_chained(r) as as_chained, r.object_key as row_key, r.version_id as row_version,
    case when e.seq is null then r.object_key else b.body ->> 'key' end as object_key,
    case when e.seq is null then r.version_id else b.body ->> 'version' end as version_id,
    case when e.seq is null then r.size else (b.body ->> 'size')::bigint end as size,
    case when e.seq is null then r.sha256 else decode(b.body ->> 'sha256', 'hex') end as sha256,
    case when e.seq is null then r.stored_size else (b.body ->> 'stored_size')::bigint end as stored_size,
    case when e.seq is null then r.stored_sha256 else decode(b.body ->> 'stored_sha256', 'hex') end as stored_sha256,
    c.object_key as copy_key, c.version_id as copy_version, c.size as copy_size, c.sha256 as copy_sha256,
    copy_as_chained(c) as copy_as_chained
from next join recordings r using (id)
left join recording_copies c on c.recording_id = r.id and c.object_key is not null
cross join lateral last_entry(r) e
cross join lateral (select case when e.seq is not null then body_of(e) end as body) b
order by r.id;

-- name: checked
-- Unless it was deleted or stored again meanwhile: $4 and $5 its key and version as they were, $6 the states that are kept.
insert into recording_hashes (recording_id, checked_at, problem)
select id, $2, $3 from recordings
where id = $1 and state = any($6) and object_key = $4 and version_id is not distinct from $5
on conflict (recording_id) do update set checked_at = excluded.checked_at, problem = excluded.problem
returning recording_id;

-- How many are kept, how many of them were read back since $1, when the one that was longest ago was, and how many findings
-- there are. The comparison after the upload is one too. $2: the states that are kept.
-- name: coverage
select count(*) as kept, count(*) filter (where read_at >= $1) as read, min(read_at) as oldest,
    count(*) filter (where problem is not null) as findings
from (
    select greatest(h.checked_at, r.verified_at) as read_at, h.problem
    from recordings r left join recording_hashes h on h.recording_id = r.id
    where r.state = any($2) and r.object_key is not null
) kept;

-- The findings, the newest first. $1 the states that are kept, $2 how many at most.
-- name: findings
select r.id as recording, coalesce(r.expected_at, r.recorded_at) as at, coalesce(co.zone, 'Europe/Moscow') as zone,
    co.name as company, t.id as ticket_id, t.number as ticket, h.problem, h.checked_at
from recording_hashes h join recordings r on r.id = h.recording_id
left join companies co on co.id = company_of(r) left join tickets t on t.id = r.ticket_id
where h.problem is not null and r.state = any($1)
order by h.checked_at desc, r.id limit $2;
