-- name: write_batch
select write_batch($1, $2::text::jsonb);

-- name: lock_node
select pg_try_advisory_lock(hashtext('node ' || $1));

-- name: add_node
insert into nodes (name) values ($1) on conflict do nothing;

-- name: add_unwritten
insert into unwritten (node, what, problem) values ($1, $2, $3);

-- name: remembered_calls
-- The calls of the node $1 that are open or ended of late. Its clock and this one may differ, or have jumped: what is late goes by
-- the earlier of this clock and the newest call.
with until as (
    select least(now(), (select max(arrived_at) from calls where node = $1)) as at
)
select c.* from calls c, until
where c.node = $1
    and (c.state <> 'ended'
        or (c.arrived_at > until.at - interval '6 hours' and c.ended_at > until.at - interval '1 hour'));

-- name: remembered_talks
select * from talks where call_id = any($1) and interface is not null order by began_at, recording;

-- name: remembered_announcements
select call_id, outage_id, number, began_at, ended_at, whole from announcements where call_id = any($1) order by began_at;

-- name: checkpoint
select ledger_inode, ledger_offset, ledger_line, ledger_line_at from nodes where name = $1;

-- The queues that screens may still show from before the start: of companies that are there, and of those that are not.
-- name: queue_names
select number from numbers
union select jsonb_object_keys(body -> 'queues') from screens where kind = 'queues'
order by number;

-- name: newest_arrival
select max(arrived_at) from calls where node = $1 and not imported;
