-- A category, a house and a crew belong to one company. A planner that takes them for independent of it expects a tenth of
-- the tickets that there are, and gathers and sorts them all instead of reading the newest.
create statistics tickets_of_company (dependencies) on company_id, category_id, house_id, crew_id from tickets;
analyze tickets;

create index on tickets (payment, opened_at desc, id desc) where payment <> 'none';
create index on tickets (company_id, payment, opened_at desc, id desc) where payment <> 'none';
create index on ticket_deadlines (ticket_id, due_at, warn_at) where met_at is null;

-- One of the given values; null when there are none. Of one value alone the newest come in the order of an index.
create function one_of(name text, given anyarray) returns text language sql immutable as $$
    select case cardinality(given) when 1 then format('%s = %L', name, given[1])
                                   else format('%s = any(%L::%s)', name, given, pg_typeof(given)) end
    where given is not null
$$;

-- As before.
create or replace function journal_conditions(f journal_filter) returns text language sql stable as $$
    select concat_ws(' and ',
        'true',
        't.company_id = ' || quote_literal(f.company),
        one_of('t.state', f.states),
        one_of('t.category_id', f.categories),
        one_of('t.house_id', f.houses),
        't.crew_id = ' || quote_literal(f.crew),
        't.operator_id = ' || quote_literal(f.operator),
        't.opened_at >= ' || quote_literal(f.since),
        't.opened_at < ' || quote_literal(f.until),
        't.payment <> ''none'' and ' || one_of('t.payment', f.payments),
        't.state not in (''closed'', ''cancelled'') and exists (select from ticket_deadlines d '
            'where d.ticket_id = t.id and d.met_at is null and '
            || case f.due when 'late' then 'd.due_at < now())'
                          when 'soon' then 'd.due_at >= now() and d.warn_at <= now())' end)
$$;
