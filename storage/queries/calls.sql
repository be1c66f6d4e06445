-- name: save_call
insert into calls (
    id, node, did, caller, queue, state, outcome, fate, interface, recording, ended_by,
    arrived_at, queued_at, answered_at, talk_ended_at, left_at, ended_at, wait_s, talk_s,
    rings, hangup_cause, rebuilt, resident_id, company_id, operator_id
) values (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
    $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23,
    (select company_id from numbers where number = $3),
    (select id from operators where 'PJSIP/' || endpoint = $9)
)
on conflict (id) do update set
    did = excluded.did, caller = excluded.caller, queue = excluded.queue, state = excluded.state,
    outcome = excluded.outcome, fate = excluded.fate, interface = excluded.interface, recording = excluded.recording,
    ended_by = excluded.ended_by, arrived_at = excluded.arrived_at, queued_at = excluded.queued_at,
    answered_at = excluded.answered_at, talk_ended_at = excluded.talk_ended_at, left_at = excluded.left_at,
    ended_at = excluded.ended_at, wait_s = excluded.wait_s, talk_s = excluded.talk_s, rings = excluded.rings,
    hangup_cause = excluded.hangup_cause, rebuilt = excluded.rebuilt,
    resident_id = coalesce(excluded.resident_id, calls.resident_id),
    company_id = excluded.company_id, operator_id = excluded.operator_id;

-- name: add_event
insert into call_events (call_id, kind, source, at, seen_at, data) values ($1, $2, $3, $4, $5, $6)
on conflict do nothing;

-- name: open_ticket
with existing as (
    select id, number from tickets where call_id = $1
), counted as (
    update companies set last_ticket_number = last_ticket_number + 1
    where id = (select company_id from numbers where number = $2) and not exists (select from existing)
    returning id, last_ticket_number
), opened as (
    insert into tickets (company_id, number, call_id, caller, opened_at, operator_id)
    select id, last_ticket_number, $1, $3, $4, (select id from operators where 'PJSIP/' || endpoint = $5) from counted
    returning id, number
)
select id, number from opened union all select id, number from existing;

-- name: name_ticket
update tickets set resident_id = $2, premises_id = $3, house_id = $4
where call_id = $1 and resident_id is null;

-- name: expect_recording
insert into recordings (name, node, call_id, state, expected_at) values ($1, $2, $3, 'expected', $4)
on conflict (name) do update set expected_at = coalesce(recordings.expected_at, excluded.expected_at);

-- name: keep_presence
insert into presence (operator_id, wanted, since) values ($1, $2, $3)
on conflict (operator_id) do update set wanted = excluded.wanted, since = excluded.since;

-- name: save_checkpoint
update nodes set ledger_inode = $2, ledger_offset = $3 where name = $1;

-- name: lock_node
select pg_try_advisory_lock(hashtext('node ' || $1));

-- name: add_node
insert into nodes (name) values ($1) on conflict do nothing;

-- name: add_gap
insert into node_gaps (node, began_at, ended_at) values ($1, $2, $3);

-- name: add_unwritten
insert into unwritten (node, what, problem) values ($1, $2, $3);

-- name: screen
select body from screens where audience = $1 and kind = $2;

-- name: operator_names
select id, name, login from operators;

-- name: remembered_calls
select * from calls where node = $1 and (state <> 'ended' or ended_at > now() - interval '15 minutes');

-- name: checkpoint
select ledger_inode, ledger_offset from nodes where name = $1;

-- name: queue_names
select number from numbers order by number;
