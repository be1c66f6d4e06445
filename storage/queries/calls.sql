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

-- Open a ticket for each call that has none, numbered in each company in the order given; name the flat and the
-- resident where they were not known before. A call to a number of nobody gets none.
-- name: open_tickets
with asked as materialized (
    select * from unnest(
        $1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::integer[], $7::integer[], $8::integer[]
    ) with ordinality as asked (call_id, did, caller, opened_at, interface, resident_id, premises_id, house_id, place)
), existing as (
    update tickets t set
        resident_id = coalesce(t.resident_id, a.resident_id),
        premises_id = coalesce(t.premises_id, a.premises_id),
        house_id = coalesce(t.house_id, a.house_id)
    from asked a where t.call_id = a.call_id
    returning t.call_id, t.id, t.number
), fresh as (
    select a.*, n.company_id, row_number() over (partition by n.company_id order by a.place) as nth
    from asked a join numbers n on n.number = a.did
    where not exists (select from tickets t where t.call_id = a.call_id)
), counted as (
    update companies c set last_ticket_number = c.last_ticket_number + new.tickets
    from (select company_id, count(*) as tickets from fresh group by company_id) new
    where c.id = new.company_id
    returning c.id, c.last_ticket_number - new.tickets as before
), opened as (
    insert into tickets
        (company_id, number, call_id, caller, opened_at, operator_id, resident_id, premises_id, house_id)
    select f.company_id, c.before + f.nth, f.call_id, f.caller, f.opened_at, o.id,
           f.resident_id, f.premises_id, f.house_id
    from fresh f join counted c on c.id = f.company_id left join operators o on 'PJSIP/' || o.endpoint = f.interface
    returning call_id, id, number
)
select call_id, id, number from opened union all select call_id, id, number from existing;

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

-- name: cards
select audience, body from screens where audience = any($1::text[]) and kind = 'card';

-- name: operator_names
select id, name, login from operators;

-- name: remembered_calls
select * from calls where node = $1 and (state <> 'ended' or ended_at > now() - interval '15 minutes');

-- name: checkpoint
select ledger_inode, ledger_offset from nodes where name = $1;

-- name: queue_names
select number from numbers order by number;
