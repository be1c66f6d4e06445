-- How many talks have a recording that was read back: by hour, node and company; and which have not, and why.

-- Talks from $1 to $2. `result`: kept (read back, whether or not deleted by policy since), missing, late (not kept $3
-- after the talk's end), or open (not due yet).
-- name: hours
with talk as (
    select coalesce(r.expected_at, r.recorded_at) as at, r.node, coalesce(r.company_id, c.company_id) as company_id,
        case when r.state in ('verified', 'attached', 'expired', 'deleted') then 'kept'
            when r.state = 'missing' then 'missing'
            when coalesce(t.ended_at, c.ended_at, r.recorded_at) < now() - $3::interval then 'late'
            else 'open' end as result
    from recordings r
    left join talks t on t.recording = r.name
    left join calls c on c.id = coalesce(r.call_id, r.named_call)
    where coalesce(r.expected_at, r.recorded_at) >= $1 and coalesce(r.expected_at, r.recorded_at) < $2
    union all
    select t.began_at, c.node, c.company_id,
        case when coalesce(t.ended_at, c.ended_at) < now() - $3::interval then 'missing' else 'open' end
    from talks t join calls c on c.id = t.call_id
    where t.began_at >= $1 and t.began_at < $2 and not exists (select from recordings r where r.name = t.recording)
)
select date_trunc('hour', at) as hour, node, company_id, co.name as company,
    count(*) filter (where result <> 'open') as expected, count(*) filter (where result = 'kept') as verified,
    count(*) filter (where result = 'late') as late, count(*) filter (where result = 'missing') as missing,
    count(*) filter (where result = 'open') as open
from talk left join companies co on co.id = talk.company_id
group by 1, 2, 3, 4
order by 1 desc, 2, 4;

-- Those that are missing or late, the newest first.
-- name: troubles
select * from (
    select r.id as recording, coalesce(r.expected_at, r.recorded_at) as at, r.node, co.name as company,
        coalesce(co.zone, 'Europe/Moscow') as zone, tk.id as ticket_id, tk.number as ticket, r.state, coalesce(r.defect, '') as reason
    from recordings r
    left join talks t on t.recording = r.name
    left join calls c on c.id = coalesce(r.call_id, r.named_call)
    left join companies co on co.id = coalesce(r.company_id, c.company_id)
    left join tickets tk on tk.id = r.ticket_id or (r.ticket_id is null and tk.call_id = c.id)
    where coalesce(r.expected_at, r.recorded_at) >= $1 and (r.state = 'missing'
        or (r.state in ('expected', 'recorded', 'stored')
            and coalesce(t.ended_at, c.ended_at, r.recorded_at) < now() - $2::interval))
    union all
    select null, t.began_at, c.node, co.name, coalesce(co.zone, 'Europe/Moscow'), tk.id, tk.number, 'unknown', ''
    from talks t
    join calls c on c.id = t.call_id
    left join companies co on co.id = c.company_id
    left join tickets tk on tk.call_id = c.id
    where t.began_at >= $1 and coalesce(t.ended_at, c.ended_at) < now() - $2::interval
        and not exists (select from recordings r where r.name = t.recording)
) trouble
order by at desc limit $3;

-- Files that belong to no call.
-- name: strays
select r.id as recording, r.recorded_at as at, r.node, r.duration_s, coalesce(r.defect, '') as reason from recordings r
where r.call_id is null and r.state = 'attached' and r.recorded_at >= $1
order by r.recorded_at desc limit $2;

-- What was deleted, or soon is; the newest first.
-- name: deletions
select r.id as recording, r.node, co.name as company, coalesce(co.zone, 'Europe/Moscow') as zone, t.id as ticket_id,
    t.number as ticket, coalesce(r.expected_at, r.recorded_at) as at, r.state, r.retain_until, r.deleted_at,
    coalesce(r.deleted_because, '') as because, r.duration_s, r.size,
    extract(day from r.retain_until - coalesce(r.expected_at, r.recorded_at))::integer as days
from recordings r left join companies co on co.id = r.company_id left join tickets t on t.id = r.ticket_id
where r.state in ('expired', 'deleted') and coalesce(r.deleted_at, now()) >= $1
order by r.deleted_at desc nulls first, r.id desc limit $2;

-- name: disks
select node, free, total, files, bytes, oldest, full_at, log_free, log_total, seen_at, seen_at < now() - interval '1 minute' as silent from node_disks
order by node;

-- name: say_disk
with known as (insert into nodes (name) values ($1) on conflict do nothing)
insert into node_disks (node, free, total, files, bytes, oldest, full_at, log_free, log_total, seen_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, now())
on conflict (node) do update set free = excluded.free, total = excluded.total, files = excluded.files,
    bytes = excluded.bytes, oldest = excluded.oldest, full_at = excluded.full_at,
    log_free = excluded.log_free, log_total = excluded.log_total, seen_at = now();

-- Only one process notifies.
-- name: lead
select pg_try_advisory_lock(hashtext('completeness'));

-- name: push
select push($1::jsonb);
