-- name: write_batch
select write_batch($1, $2);

-- name: lock_node
select pg_try_advisory_lock(hashtext('node ' || $1));

-- name: add_node
insert into nodes (name) values ($1) on conflict do nothing;

-- name: add_unwritten
insert into unwritten (node, what, problem) values ($1, $2, $3);

-- name: remembered_calls
select * from calls where node = $1 and (state <> 'ended' or ended_at > now() - interval '15 minutes');

-- name: remembered_talks
select t.* from talks t join calls c on c.id = t.call_id
where c.node = $1 and (c.state <> 'ended' or c.ended_at > now() - interval '15 minutes') and t.interface is not null
order by t.began_at, t.recording;

-- name: remembered_announcements
select a.call_id, a.outage_id, a.number, a.began_at, a.ended_at, a.whole from announcements a
join calls c on c.id = a.call_id
where c.node = $1 and (c.state <> 'ended' or c.ended_at > now() - interval '15 minutes')
order by a.began_at;

-- name: checkpoint
select ledger_inode, ledger_offset, ledger_line, ledger_line_at from nodes where name = $1;

-- The queues that screens may still show from before the start: of companies that are there, and of those that are not.
-- name: queue_names
select number from numbers
union select jsonb_object_keys(body -> 'queues') from screens where kind = 'queues'
order by number;
