-- Whether there is still something to do. The planner inlines its one expression, so the partial indexes of open
-- tickets, which have the same condition, are used. Not strict, and with no settings of its own: either would prevent
-- the inlining.
create or replace function is_open(state text) returns boolean language sql immutable parallel safe as $$
    select state not in ('closed', 'cancelled')
$$;

-- The words by which a ticket is found: number, address, name, telephones, subject, description; and the company as a word
-- of its own: the tickets of one company with a common word are then found by the index alone, not picked out of
-- everybody's. Names are kept as they are written too: the dictionary takes `Иванов` for a form of `Иван`, and `Иванову`
-- for one of `Иванов`.
create or replace function ticket_words(t tickets) returns tsvector language sql stable as $$
    select array_to_tsvector(array['@' || t.company_id])
        || setweight(to_tsvector('simple', t.number::text), 'A')
        || setweight(to_tsvector('russian', concat_ws(' ',
            (select concat_ws(' ', h.city, h.street, h.building) from houses h where h.id = t.house_id),
            (select p.flat from premises p where p.id = t.premises_id),
            (select r.name from residents r where r.id = t.resident_id),
            t.contact_name, t.subject)), 'B')
        || setweight(to_tsvector('simple', concat_ws(' ',
            (select r.name from residents r where r.id = t.resident_id), t.contact_name)), 'B')
        || to_tsvector('russian', t.description)
        || to_tsvector('simple', concat_ws(' ', t.caller, t.contact_phone))
$$;

create or replace function keep_ticket_words() returns trigger language plpgsql as $$
begin
    new.search := ticket_words(new);
    return new;
end $$;
-- A ticket that is opened at the answer gets its words when the call is over: the operator's card waits for the
-- opening, and nobody searches for it yet.
create or replace trigger words_of_new before insert on tickets
    for each row when (new.call_id is null) execute function keep_ticket_words();
create or replace trigger words before update of
    number, house_id, premises_id, resident_id, contact_name, contact_phone, subject, description on tickets
    for each row execute function keep_ticket_words();

-- Called by a constraint trigger, which cannot be replaced and is in a migration.
create or replace function words_of_ended_call() returns trigger language plpgsql as $$
begin
    update tickets set number = number where call_id = new.id and search is null;
    perform default_deadlines(id) from tickets where call_id = new.id and category_id is null and is_open(state);
    return null;
end $$;

-- The limits of a ticket without a category, as the company has set them. Of a ticket that a call opens they are set when the
-- call is over, as its words are: by then most have a category.
create or replace function default_deadlines(ticket bigint) returns void language sql as $$
    insert into ticket_deadlines (ticket_id, step, due_at, warn_at, met_at)
    select t.id, l.step, t.opened_at + make_interval(mins => l.minutes),
           t.opened_at + make_interval(mins => l.minutes - l.warn_before),
           case when l.step = 'tell' then (select min(at) from ticket_events where ticket_id = t.id and kind = 'told') end
    from tickets t join default_limits l on l.company_id = t.company_id
    where t.id = ticket
    on conflict do nothing
$$;

-- What reports need of a ticket's deadlines, kept with the ticket, so that each report reads one index and nothing
-- else.
create or replace function keep_ticket_times() returns trigger language plpgsql as $$
declare
    ticket bigint := case when tg_op = 'DELETE' then old.ticket_id else new.ticket_id end;
begin
    -- Locked before it is looked at: of two that change deadlines of one ticket at a time the second sees what the first did.
    perform from tickets where id = ticket for update;
    update tickets t set late_from = d.late_from, localised_at = d.localised_at
    from (
        select min(due_at) filter (where met_at is null and held_at is null or met_at > due_at) as late_from,
               min(met_at) filter (where step = 'localise') as localised_at
        from ticket_deadlines where ticket_id = ticket
    ) d
    where t.id = ticket
      and (t.late_from, t.localised_at) is distinct from (d.late_from, d.localised_at);
    return null;
end $$;
create or replace trigger times after insert or delete or update of due_at, met_at, held_at on ticket_deadlines
    for each row execute function keep_ticket_times();

-- Open journals are notified of a ticket that a call opens, as of other changes of tickets.
create or replace function tell_opened() returns trigger language plpgsql as $$
begin
    perform pg_notify('tickets', json_build_object('ticket', new.id, 'company', new.company_id)::text);
    return null;
end $$;
create or replace trigger told_opened after insert on tickets
    for each row when (new.call_id is not null) execute function tell_opened();
