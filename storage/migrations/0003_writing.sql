-- The writer's whole transaction is one call, since on a busy machine each round trip costs more than the work.

-- Write deltas in the order given: a list of {audience, kind, body}. Returns the last one's number.
-- The lock comes before the numbers are drawn and is held until the commit, so their order is commit order.
-- A notification may have at most 7999 bytes; a longer one goes without its body.
create function push(messages jsonb) returns bigint language plpgsql as $$
declare
    delta push_log;
    whole text;
    newest bigint;
begin
    perform pg_advisory_xact_lock(hashtext('push'));
    for delta in
        insert into push_log (audience, kind, body)
        select message ->> 'audience', message ->> 'kind', message -> 'body'
        from jsonb_array_elements(messages) with ordinality as given (message, place) order by place
        returning *
    loop
        insert into screens (audience, kind, seq, body) values (delta.audience, delta.kind, delta.seq, delta.body)
        on conflict (audience, kind) do update set seq = excluded.seq, body = excluded.body;
        whole := json_build_object('seq', delta.seq, 'audience', delta.audience, 'kind', delta.kind, 'body', delta.body);
        if octet_length(whole) > 7900 then
            whole := json_build_object('seq', delta.seq, 'audience', delta.audience, 'kind', delta.kind);
        end if;
        perform pg_notify('push', whole);
        newest := delta.seq;
    end loop;
    return newest;
end $$;

-- Open a ticket for each call that has none, numbered in each company in the order given; name the flat and the
-- resident where they were not known before. A call to a number of nobody gets none.
create function open_tickets(wanted jsonb) returns void language plpgsql as $$
begin
    with asked as materialized (
        select (w ->> 'call_id') as call_id, (w ->> 'did') as did, (w ->> 'caller') as caller,
               (w ->> 'opened_at')::timestamptz as opened_at, (w ->> 'interface') as interface,
               (w ->> 'resident_id')::integer as resident_id, (w ->> 'premises_id')::integer as premises_id,
               (w ->> 'house_id')::integer as house_id, place
        from jsonb_array_elements(wanted) with ordinality as given (w, place)
    ), existing as (
        update tickets t set
            resident_id = coalesce(t.resident_id, a.resident_id),
            premises_id = coalesce(t.premises_id, a.premises_id),
            house_id = coalesce(t.house_id, a.house_id)
        from asked a
        where t.call_id = a.call_id and t.resident_id is null and a.resident_id is not null
    ), fresh as materialized (
        select a.*, n.company_id, row_number() over (partition by n.company_id order by a.place) as nth
        from asked a join numbers n on n.number = a.did
        where not exists (select from tickets t where t.call_id = a.call_id)
    ), counted as (
        update companies c set last_ticket_number = c.last_ticket_number + new.tickets
        from (select company_id, count(*) as tickets from fresh group by company_id) new
        where c.id = new.company_id
        returning c.id, c.last_ticket_number - new.tickets as before
    )
    insert into tickets (company_id, number, call_id, caller, opened_at, operator_id, resident_id, premises_id, house_id)
    select f.company_id, c.before + f.nth, f.call_id, f.caller, f.opened_at,
           (select id from operators where 'PJSIP/' || endpoint = f.interface), f.resident_id, f.premises_id, f.house_id
    from fresh f join counted c on c.id = f.company_id;
end $$;

-- Everything of one batch. Calls come as they now are; events, recordings and gaps are added; a message of `screens`
-- with `ticket_of` gets that call's ticket into its body, one with `name_of` that operator's name and login.
create function write_batch(node_name text, batch jsonb) returns void language plpgsql as $$
begin
    if batch ? 'calls' then
        insert into calls (
            id, node, company_id, resident_id, did, caller, queue, state, outcome, fate, interface, operator_id, recording,
            ended_by, arrived_at, queued_at, answered_at, talk_ended_at, left_at, ended_at, wait_s, talk_s, rings,
            hangup_cause, rebuilt
        )
        select
            c.id, node_name, (select company_id from numbers where number = c.did), c.resident_id, c.did, c.caller, c.queue,
            c.state, c.outcome, c.fate, c.interface, (select o.id from operators o where 'PJSIP/' || o.endpoint = c.interface),
            c.recording, c.ended_by, c.arrived_at, c.queued_at, c.answered_at, c.talk_ended_at, c.left_at, c.ended_at,
            c.wait_s, c.talk_s, c.rings, c.hangup_cause, c.rebuilt
        from jsonb_populate_recordset(null::calls, batch -> 'calls') c
        on conflict (id) do update set
            company_id = excluded.company_id, resident_id = coalesce(excluded.resident_id, calls.resident_id),
            did = excluded.did, caller = excluded.caller, queue = excluded.queue, state = excluded.state,
            outcome = excluded.outcome, fate = excluded.fate, interface = excluded.interface,
            operator_id = excluded.operator_id, recording = excluded.recording, ended_by = excluded.ended_by,
            arrived_at = excluded.arrived_at, queued_at = excluded.queued_at, answered_at = excluded.answered_at,
            talk_ended_at = excluded.talk_ended_at, left_at = excluded.left_at, ended_at = excluded.ended_at,
            wait_s = excluded.wait_s, talk_s = excluded.talk_s, rings = excluded.rings,
            hangup_cause = excluded.hangup_cause, rebuilt = excluded.rebuilt;
    end if;

    if batch ? 'events' then
        insert into call_events (call_id, kind, source, at, seen_at, data)
        select e.call_id, e.kind, e.source, e.at, e.seen_at, e.data
        from jsonb_populate_recordset(null::call_events, batch -> 'events') e
        on conflict do nothing;
    end if;

    if batch ? 'tickets' then
        perform open_tickets(batch -> 'tickets');
    end if;

    if batch ? 'recordings' then
        insert into recordings (name, node, call_id, state, expected_at)
        select r.name, node_name, r.call_id, 'expected', r.expected_at
        from jsonb_populate_recordset(null::recordings, batch -> 'recordings') r
        on conflict (name) do update set expected_at = coalesce(recordings.expected_at, excluded.expected_at);
    end if;

    if batch ? 'presence' then
        insert into presence (operator_id, wanted, since)
        select p.operator_id, p.wanted, p.since from jsonb_populate_recordset(null::presence, batch -> 'presence') p
        on conflict (operator_id) do update set wanted = excluded.wanted, since = excluded.since;
    end if;

    if batch ? 'gaps' then
        insert into node_gaps (node, began_at, ended_at)
        select node_name, g.began_at, g.ended_at from jsonb_populate_recordset(null::node_gaps, batch -> 'gaps') g;
    end if;

    if batch ? 'checkpoint' then
        update nodes set
            ledger_inode = (batch -> 'checkpoint' ->> 'inode')::bigint,
            ledger_offset = (batch -> 'checkpoint' ->> 'offset')::bigint
        where name = node_name;
    end if;

    if batch ? 'screens' then
        perform push((
            select jsonb_agg(
                message || jsonb_build_object('body', message -> 'body'
                    || case when message ? 'ticket_of' then jsonb_build_object('ticket', (
                        select jsonb_build_object('id', t.id, 'number', t.number)
                        from tickets t where t.call_id = message ->> 'ticket_of')) else '{}' end
                    || case when message ? 'name_of' then (
                        select jsonb_build_object('name', o.name, 'login', o.login)
                        from operators o where o.id = (message ->> 'name_of')::integer) else '{}' end)
                order by place)
            from jsonb_array_elements(batch -> 'screens') with ordinality as given (message, place)
        ));
    end if;
end $$;
