-- needs: tickets
-- What can be off is what storage/defaults/outage_kinds.toml says; one that is no longer there stays, for old outages.
create or replace function keep_outage_kinds() returns trigger language plpgsql as $$
begin
    insert into outage_kinds (code, name_ru, name_en, said_ru, said_en, category, place)
    select k ->> 'code', k ->> 'name_ru', k ->> 'name_en', k ->> 'said_ru', k ->> 'said_en', k ->> 'category', place
    from jsonb_array_elements(new.body -> 'kind') with ordinality as given (k, place)
    on conflict (code) do update set
        name_ru = excluded.name_ru, name_en = excluded.name_en, said_ru = excluded.said_ru, said_en = excluded.said_en,
        category = excluded.category, place = excluded.place;
    return null;
end $$;
create or replace trigger outage_kinds after insert or update on defaults
    for each row when (new.name = 'outage_kinds') execute function keep_outage_kinds();

-- Write what callers heard, as it now is. An outage that this database does not know (it was restored from a copy) is
-- left out: the call's events still have it.
create or replace function write_announcements(wanted jsonb) returns void language plpgsql as $$
begin
    insert into announcements (call_id, began_at, outage_id, number, caller, ended_at, whole, declined)
    select a.call_id, a.began_at, a.outage_id, a.number, a.caller, a.ended_at, a.whole, a.declined
    from jsonb_populate_recordset(null::announcements, wanted) a
    where exists (select from outages o where o.id = a.outage_id)
    on conflict (call_id, outage_id, number, began_at) do update set
        ended_at = excluded.ended_at, whole = excluded.whole, declined = excluded.declined;
end $$;

-- The ticket number that this caller was told, as a row of `outage_numbers`. A telephone of which the flat is not known has
-- one number in an outage, however often it calls; a withheld one has one for each call. When Asterisk lost what it had
-- told (its own small database is written a second late), the number is somebody else's already: then a new one. A flat
-- may have been given the number of a ticket that was opened without it, while its first one is still said to somebody.
create or replace function told_number(told announcements) returns outage_numbers language plpgsql as $$
declare
    who text := coalesce(nullif(told.caller, ''), told.call_id);
    found_row outage_numbers;
    new_number integer;
begin
    -- Again when it went while this waited for whoever gave the flat the other number.
    for attempt in 1 .. 2 loop
        select * into found_row from outage_numbers n
        where n.outage_id = told.outage_id and (n.number = told.number or n.instead_of = told.number) for update;
        exit when found;
    end loop;
    if found_row.premises_id is not null or found_row.caller = who then
        return found_row;
    end if;
    new_number := told.number;
    if found_row.number is not null then
        update companies c set last_ticket_number = c.last_ticket_number + 1
        from outages o where o.id = told.outage_id and c.id = o.company_id
        returning c.last_ticket_number into new_number;
    end if;
    insert into outage_numbers (outage_id, number, caller) values (told.outage_id, new_number, who)
    on conflict (outage_id, caller) where caller is not null do nothing;
    select * into found_row from outage_numbers n where n.outage_id = told.outage_id and n.caller = who for update;
    return found_row;
end $$;

-- Open the ticket of a flat in an outage, a child of the outage's incident, with the number reserved for it.
create or replace function open_outage_ticket(told announcements, reserved outage_numbers) returns bigint
language plpgsql as $$
declare
    outage outages;
    kind outage_kinds;
    flat premises;
    company companies;
    category integer;
    ticket bigint;
begin
    select * into strict outage from outages where id = told.outage_id;
    -- An outage that was only suspected may have none.
    select * into kind from outage_kinds where code = outage.kind;
    select * into strict company from companies where id = outage.company_id;
    select * into flat from premises where id = reserved.premises_id;
    select c.id into category from categories c
    where c.company_id = outage.company_id and c.code = case when outage.planned then 'repair' else kind.category end;
    insert into tickets (company_id, number, call_id, caller, opened_at, house_id, premises_id, resident_id, category_id,
                         subject, parent_id)
    values (outage.company_id, reserved.number,
            (select told.call_id where not exists (select from tickets where call_id = told.call_id)),
            told.caller, told.began_at, flat.house_id, flat.id,
            (select min(r.id) from residents r join resident_phones p on p.resident_id = r.id
             where r.premises_id = flat.id and p.phone = told.caller),
            category, coalesce(case company.language when 'ru' then kind.name_ru else kind.name_en end, ''),
            outage.incident_id)
    returning id into ticket;
    insert into ticket_events (ticket_id, at, kind) values (ticket, told.began_at, 'opened');
    -- Of the law's limits only one is the flat's own: that the resident is told. The rest are the incident's.
    insert into ticket_deadlines (ticket_id, step, due_at, warn_at)
    select ticket, l.step, told.began_at + make_interval(mins => l.minutes),
           told.began_at + make_interval(mins => l.minutes - l.warn_before)
    from limits l where l.category_id = category and l.step = 'tell';
    -- The words by which it is found: of a ticket with a call they are made when that ends, which it may have already.
    update tickets set number = number where id = ticket;
    -- The outage was over before this caller had heard it to the end, or before the call was known here.
    with over as (
        update tickets t set state = i.state, closed_at = now(), done_at = case when i.state = 'closed' then now() end,
            result = i.result, cancel_reason = i.cancel_reason, version = t.version + 1, updated_at = now()
        from tickets i where t.id = ticket and i.id = outage.incident_id and not is_open(i.state)
        returning t.id, t.state, t.version, t.result, t.cancel_reason
    )
    insert into ticket_events (ticket_id, kind, from_state, to_state, comment, version)
    select id, 'moved', 'new', state, case when state = 'closed' then result else cancel_reason end, version from over;
    return ticket;
end $$;

-- The tickets of those who were told of an outage, by their calls: opened, or joined if the flat has one already. Whoever
-- said that theirs is something else gets none.
create or replace function open_outage_tickets(wanted jsonb) returns void language plpgsql as $$
declare
    told announcements;
    reserved outage_numbers;
begin
    for told in
        select a.* from announcements a
        where a.call_id in (select jsonb_array_elements_text(wanted)) and not a.declined and a.ticket_id is null
        order by a.began_at, a.outage_id, a.number
    loop
        reserved := told_number(told);
        if reserved.ticket_id is null then
            reserved.ticket_id := open_outage_ticket(told, reserved);
            update outage_numbers set ticket_id = reserved.ticket_id
            where outage_id = reserved.outage_id and number = reserved.number;
        elsif not exists (select from announcements a where a.call_id = told.call_id and a.ticket_id = reserved.ticket_id) then
            insert into ticket_events (ticket_id, at, kind, comment)
            values (reserved.ticket_id, told.began_at, 'called', told.caller);
        end if;
        update announcements set ticket_id = reserved.ticket_id
        where call_id = told.call_id and outage_id = told.outage_id and number = told.number and began_at = told.began_at;
        if told.whole then
            update ticket_deadlines set met_at = told.ended_at
            where ticket_id = reserved.ticket_id and step = 'tell' and met_at is null;
        end if;
        insert into phone_candidates (phone, premises_id, heard_at, call_id)
        select told.caller, reserved.premises_id, told.began_at, told.call_id
        where reserved.premises_id is not null and told.caller ~ '^\+[0-9]{3,15}$'
          and not exists (select from resident_phones p join residents r on r.id = p.resident_id
                          where p.phone = told.caller and r.premises_id = reserved.premises_id)
        on conflict do nothing;
    end loop;
end $$;

-- The ticket that a call is about: the one that an operator attached it to, the one opened for it, or the one of its flat
-- that it joined.
create or replace function ticket_of_call(call text) returns bigint language sql stable as $$
    select coalesce(
        (select ticket_id from joined_calls where call_id = call),
        (select id from tickets where call_id = call),
        (select ticket_id from announcements where call_id = call and ticket_id is not null order by began_at limit 1))
$$;

-- What an operator is told of the outage of a caller before the first word: `CallOutage` in callcenter/push/messages.py, or
-- null. It is the one that the call's ticket belongs to, that the caller heard of, or that the caller's flat is in; a
-- suspected one if there is no other.
create or replace function outage_of_call(call text) returns jsonb language sql stable as $$
    select jsonb_build_object(
        'id', o.id, 'kind', o.kind, 'until', to_char(o.until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
        'calls', case when o.state = 'suspected' then coalesce((o.evidence ->> 'calls')::integer, 0)
                 else (select count(distinct a.call_id) from announcements a where a.outage_id = o.id) end,
        'ticket', coalesce(
            (select jsonb_build_object('id', t.id, 'number', t.number) from outage_numbers n join tickets t on t.id = n.ticket_id
             where n.outage_id = o.id and n.premises_id = asked.premises_id),
            case when own.parent_id = o.incident_id then jsonb_build_object('id', own.id, 'number', own.number) end))
    from (
        select c.company_id, r.premises_id, p.house_id from calls c
        left join residents r on r.id = c.resident_id left join premises p on p.id = r.premises_id
        where c.id = call
    ) asked
    join outages o on o.company_id = asked.company_id and is_open(o.state) and o.since <= now()
    left join tickets own on own.id = ticket_of_call(call)
    where own.parent_id = o.incident_id
       or exists (select from announcements a where a.call_id = call and a.outage_id = o.id and not a.declined)
       or exists (select from outage_numbers n where n.outage_id = o.id and n.premises_id = asked.premises_id)
       or (o.state = 'suspected'
           and exists (select from outage_places s where s.outage_id = o.id and s.house_id = asked.house_id))
    order by (own.parent_id = o.incident_id) is true desc, o.state = 'suspected', o.since desc, o.id desc limit 1
$$;
