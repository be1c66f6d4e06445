-- needs: outages
-- needs: cards
-- Write calls as they now are. A resident who was removed meanwhile is nobody. Who called whom, and when the call came, is never forgotten, though its node no longer knew it when
-- a late line of the ledger told of it.
create or replace function write_calls(node_name text, wanted jsonb) returns void language plpgsql as $$
begin
    insert into calls (
        id, direction, node, company_id, resident_id, did, caller, queue, state, outcome, fate, interface, operator_id, recording,
        ended_by, arrived_at, queued_at, answered_at, talk_ended_at, left_at, ended_at, wait_s, rewait_s, returns,
        talk_s, rings, hangup_cause, rebuilt, keys,
        told_at
    )
    select
        c.id, c.direction, node_name, (select company_id from numbers where number = c.did),
        (select id from residents where id = c.resident_id), c.did, c.caller, c.queue,
        c.state, c.outcome, c.fate, c.interface, (select o.id from operators o where 'PJSIP/' || o.endpoint = c.interface),
        c.recording, c.ended_by, c.arrived_at, c.queued_at, c.answered_at, c.talk_ended_at, c.left_at, c.ended_at,
        c.wait_s, c.rewait_s, c.returns, c.talk_s, c.rings, c.hangup_cause, c.rebuilt, c.keys, c.told_at
    from jsonb_populate_recordset(null::calls, wanted) c
    on conflict (id) do update set
        direction = excluded.direction, company_id = coalesce(excluded.company_id, calls.company_id), resident_id = coalesce(
            (select k.resident_id from call_cards k where k.call_id = excluded.id), excluded.resident_id, calls.resident_id),
        did = coalesce(nullif(excluded.did, ''), calls.did), caller = coalesce(nullif(excluded.caller, ''), calls.caller),
        queue = coalesce(excluded.queue, calls.queue), state = excluded.state,
        outcome = excluded.outcome, fate = excluded.fate, interface = excluded.interface,
        operator_id = excluded.operator_id, recording = excluded.recording, ended_by = excluded.ended_by,
        arrived_at = least(excluded.arrived_at, calls.arrived_at),
        queued_at = coalesce(excluded.queued_at, calls.queued_at), answered_at = excluded.answered_at,
        talk_ended_at = excluded.talk_ended_at, left_at = excluded.left_at, ended_at = excluded.ended_at,
        wait_s = excluded.wait_s, rewait_s = excluded.rewait_s, returns = excluded.returns, talk_s = excluded.talk_s,
        rings = excluded.rings, hangup_cause = excluded.hangup_cause, rebuilt = excluded.rebuilt, keys = excluded.keys,
        told_at = excluded.told_at
    -- A ledger that is read once more brings back no number that was removed.
    where calls.forgotten_at is null;
end $$;

-- Whether a call that an operator made needs no ticket of its own; it is then about the one that the operator called from, or
-- about one that is there, if that is certain.
create or replace function join_ticket(call text, company integer, called text, flat integer, telephone text) returns boolean
language plpgsql as $$
declare
    to_crew boolean := exists (select from crews c where c.phone = called)
        or exists (select from responsibles r where r.phone = called);
    wanted bigint;
begin
    select p.ticket_id into wanted
    from planned_calls p join tickets t on t.id = p.ticket_id join operators o on o.id = p.operator_id
    where 'PJSIP/' || o.endpoint = telephone and p.number = called and p.at > now() - interval '5 minutes' and t.company_id = company;
    if wanted is not null then
        null;
    elsif to_crew then
        select min(t.id) into wanted from tickets t
        where is_open(t.state) and t.company_id = company
          and (t.crew_id in (select id from crews c where c.phone = called)
               or t.responsible_id in (select id from responsibles r where r.phone = called))
        having count(*) = 1;
    else
        select t.id into wanted from tickets t
        where is_open(t.state) and t.company_id = company
          and (t.caller = called or reverse(t.contact_phone) = reverse(called) or t.premises_id = flat)
        order by t.opened_at desc, t.id desc limit 1;
    end if;
    if wanted is not null then
        insert into joined_calls (call_id, ticket_id) values (call, wanted) on conflict do nothing;
    end if;
    return to_crew or wanted is not null;
end $$;

-- Open a ticket for each call that has none, numbered in each company in the order given; name the flat and the
-- resident where they were not known before, and are still there. A call to a number of no company gets none. One ticket at a time in plain
-- statements: a card waits for it, and one statement for all takes four times as long. A call that an operator made is
-- about the newest open ticket of whoever is called, if there is one; a call to a crew about the ticket that it alone has.
create or replace function open_tickets(wanted jsonb) returns void language plpgsql as $$
declare
    asked record;
    company integer;
    next_number integer;
begin
    for asked in
        select w ->> 'call_id' as call_id, w ->> 'direction' as direction, w ->> 'did' as did, w ->> 'caller' as caller,
               (w ->> 'opened_at')::timestamptz as opened_at, w ->> 'interface' as interface,
               (select id from residents where id = (w ->> 'resident_id')::integer) as resident_id,
               (select id from premises where id = (w ->> 'premises_id')::integer) as premises_id,
               (select id from houses where id = (w ->> 'house_id')::integer) as house_id
        from jsonb_array_elements(wanted) with ordinality as given (w, place) order by place
    loop
        update tickets set
            resident_id = coalesce(resident_id, asked.resident_id),
            premises_id = coalesce(premises_id, asked.premises_id),
            house_id = coalesce(house_id, asked.house_id)
        where call_id = asked.call_id and resident_id is null and asked.resident_id is not null;
        continue when found or ticket_of_call(asked.call_id) is not null;
        select company_id into company from numbers where number = asked.did;
        continue when not found;
        continue when asked.direction = 'out' and join_ticket(asked.call_id, company, asked.caller, asked.premises_id, asked.interface);
        update companies set last_ticket_number = last_ticket_number + 1 where id = company
            returning last_ticket_number into next_number;
        insert into tickets (company_id, number, call_id, caller, opened_at, operator_id, resident_id, premises_id, house_id)
        values (company, next_number, asked.call_id, asked.caller, asked.opened_at,
                (select id from operators where 'PJSIP/' || endpoint = asked.interface),
                asked.resident_id, asked.premises_id, asked.house_id);
    end loop;
end $$;

-- Write talks as they now are, each with the row of its recording, which is expected from then on.
create or replace function write_talks(node_name text, wanted jsonb) returns void language plpgsql as $$
begin
    insert into talks (recording, call_id, kind, interface, operator_id, began_at, ended_at, ended_by, channel)
    select t.recording, t.call_id, t.kind, t.interface,
           (select o.id from operators o where 'PJSIP/' || o.endpoint = t.interface), t.began_at, t.ended_at, t.ended_by,
           t.channel
    from jsonb_populate_recordset(null::talks, wanted) t
    on conflict (recording) do update set
        kind = excluded.kind, ended_at = excluded.ended_at, ended_by = excluded.ended_by, channel = excluded.channel;
    insert into recordings (name, node, call_id, company_id, state, expected_at)
    select t.recording, node_name, t.call_id, (select c.company_id from calls c where c.id = t.call_id), 'expected',
           t.began_at
    from jsonb_populate_recordset(null::talks, wanted) t
    on conflict (name) do update set
        expected_at = excluded.expected_at, call_id = excluded.call_id, company_id = excluded.company_id
        where recordings.expected_at is null;
end $$;

-- Fill in what the maker of a message leaves empty in its body, since only the transaction that opens the ticket knows it:
-- with `ticket_of` the ticket of that call and its outage, and the caller if an operator said who it is, with `outage_of` the
-- same without the ticket, with `name_of` what that operator is called now (docs/decisions/0013).
create or replace function fill_in(message jsonb) returns jsonb language plpgsql stable as $$
declare
    known jsonb;
begin
    if message ? 'ticket_of' then
        known := jsonb_build_object('outage', outage_of_call(message ->> 'ticket_of'), 'ticket', (
            select jsonb_build_object('id', id, 'number', number) from tickets
            where id = ticket_of_call(message ->> 'ticket_of'))) || settled_caller(message ->> 'ticket_of');
    elsif message ? 'outage_of' then
        known := jsonb_build_object('outage', outage_of_call(message ->> 'outage_of'))
            || (settled_caller(message ->> 'outage_of') - 'house_id');
    elsif message ? 'name_of' then
        select jsonb_build_object('name', name, 'login', login) into known
        from operators where id = (message ->> 'name_of')::integer;
    end if;
    return message || jsonb_build_object('body', message -> 'body' || coalesce(known, '{}'));
end $$;

-- A whole batch in one call, since on a busy machine each round trip costs more than the work. Events and gaps
-- are added; messages of `screens` are filled in and pushed.
create or replace function write_batch(node_name text, batch jsonb) returns void language plpgsql as $$
begin
    if batch ? 'calls' then
        perform write_calls(node_name, batch -> 'calls');
    end if;

    if batch ? 'events' then
        insert into call_events (call_id, kind, source, at, seen_at, data)
        select e.call_id, e.kind, e.source, e.at, e.seen_at, e.data
        from jsonb_populate_recordset(null::call_events, batch -> 'events') e
        on conflict do nothing;
    end if;

    if batch ? 'announcements' then
        perform write_announcements(batch -> 'announcements');
    end if;

    if batch ? 'informed' then
        perform open_outage_tickets(batch -> 'informed');
    end if;

    if batch ? 'tickets' then
        perform open_tickets(batch -> 'tickets');
    end if;

    if batch ? 'talks' then
        perform write_talks(node_name, batch -> 'talks');
    end if;

    if batch ? 'presence' then
        insert into presence (operator_id, wanted, since, reason, pause)
        select p.operator_id, p.wanted, p.since, p.reason, p.pause from jsonb_populate_recordset(null::presence, batch -> 'presence') p
        on conflict (operator_id) do update set
            wanted = excluded.wanted, since = excluded.since, reason = excluded.reason, pause = excluded.pause;
    end if;

    if batch ? 'gaps' then
        insert into node_gaps (node, began_at, ended_at, lost)
        select node_name, g.began_at, g.ended_at, g.lost from jsonb_populate_recordset(null::node_gaps, batch -> 'gaps') g;
    end if;

    if batch ? 'checkpoint' then
        update nodes set
            ledger_inode = (batch -> 'checkpoint' ->> 'inode')::bigint,
            ledger_offset = (batch -> 'checkpoint' ->> 'offset')::bigint,
            ledger_line = batch -> 'checkpoint' ->> 'line',
            ledger_line_at = (batch -> 'checkpoint' ->> 'line_at')::timestamptz
        where name = node_name;
    end if;

    if batch ? 'screens' then
        perform push((
            select jsonb_agg(fill_in(message) order by place)
            from jsonb_array_elements(batch -> 'screens') with ordinality as given (message, place)
        ));
    end if;
end $$;
