-- The journal of a million tickets: its indexes, the page of it that somebody asked for, and who hears of a change.

create index on tickets (opened_at desc, id desc);
create index on tickets (company_id, opened_at desc, id desc);
create index on tickets (house_id, opened_at desc, id desc) where house_id is not null;
create index on tickets (crew_id, opened_at desc, id desc) where crew_id is not null;
create index on tickets (operator_id, opened_at desc, id desc) where operator_id is not null;
create index on tickets (category_id, opened_at desc, id desc) where category_id is not null;
create index tickets_open_idx on tickets (opened_at desc, id desc) include (company_id, crew_id)
    where state not in ('closed', 'cancelled');
create index tickets_cancelled_idx on tickets (opened_at desc, id desc) where state = 'cancelled';
create index tickets_payment_idx on tickets (opened_at desc, id desc) where payment <> 'none';
create index on tickets (number);
-- Telephone numbers from their end: people remember the last digits.
create index tickets_caller_tail_idx on tickets (reverse(caller) text_pattern_ops);
create index tickets_contact_phone_tail_idx on tickets (reverse(contact_phone) text_pattern_ops);
create index on tickets using gin (search);

-- As before, and the company as a word of its own: the tickets of one company with a common word are then found by the
-- index alone, not picked out of everybody's. Names are kept as they are written too: the dictionary takes `Иванов` for a
-- form of `Иван`, and `Иванову` for one of `Иванов`.
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
update tickets set number = number where search is not null;

-- What to look for; null is anything. `due`: late or soon. `words`: whole ones, any form of which will do; `prefix`: the
-- beginning of one more, of letters and digits. `tail`: the last digits of a telephone number, reversed. `number` and
-- `tail` together mean either of them.
create type journal_filter as (
    company    integer,
    states     text[],
    due        text,
    categories integer[],
    houses     integer[],
    crew       integer,
    operator   integer,
    since      timestamptz,
    until      timestamptz,
    payments   text[],
    words      text[],
    prefix     text,
    number     integer,
    tail       text
);

-- The filter as conditions on `tickets t`, without the search. Whole statements are made of it, so that each is planned for
-- what was asked; one statement for all filters would be planned for none of them.
create function journal_conditions(f journal_filter) returns text language sql stable as $$
    select concat_ws(' and ',
        'true',
        't.company_id = ' || quote_literal(f.company),
        't.state = any(' || quote_literal(f.states) || '::text[])',
        't.category_id = any(' || quote_literal(f.categories) || '::integer[])',
        't.house_id = any(' || quote_literal(f.houses) || '::integer[])',
        't.crew_id = ' || quote_literal(f.crew),
        't.operator_id = ' || quote_literal(f.operator),
        't.opened_at >= ' || quote_literal(f.since),
        't.opened_at < ' || quote_literal(f.until),
        't.payment <> ''none'' and t.payment = any(' || quote_literal(f.payments) || '::text[])',
        't.state not in (''closed'', ''cancelled'') and exists (select from ticket_deadlines d '
            'where d.ticket_id = t.id and d.met_at is null and '
            || case f.due when 'late' then 'd.due_at < now())'
                          when 'soon' then 'd.due_at >= now() and d.warn_at <= now())' end)
$$;

-- The words as a query; null when there are none that tell tickets apart.
create function journal_words(f journal_filter) returns tsquery language sql stable as $$
    with whole as (
        select string_agg('(' || (q || plainto_tsquery('simple', w))::text || ')', ' & ') as words
        from unnest(f.words) w, plainto_tsquery('russian', w) q
        where numnode(q) > 0
    ), last as (
        -- A word such as `на` may be the beginning of another, but not when others were found to look for.
        select case when numnode(q) > 0 then '(' || q::text || ' | ' || quote_literal(f.prefix) || ':*)'
                    when whole.words is null then quote_literal(f.prefix) || ':*' end as words
        from whole, plainto_tsquery('russian', f.prefix) q
    )
    select nullif(concat_ws(' & ', whole.words, last.words, quote_literal('@' || f.company)),
                  coalesce(quote_literal('@' || f.company), ''))::tsquery
    from whole, last
$$;

-- The search as a condition on `tickets t`; null when there is none.
create function journal_search(f journal_filter) returns text language sql stable as $$
    select nullif(concat_ws(' and ',
        't.search @@ ' || quote_literal(journal_words(f)) || '::tsquery',
        '(' || nullif(concat_ws(' or ',
            't.number = ' || quote_literal(f.number),
            'reverse(t.caller) like ' || quote_literal(f.tail || '%'),
            'reverse(t.contact_phone) like ' || quote_literal(f.tail || '%')), '') || ')'), '')
$$;

-- At most `wanted` tickets, newest first, from the one opened at `before_at` with `before_id` on; from the newest when null.
--
-- Row-level security keeps operators that are not leakproof (words, the end of a number) out of index scans. So this runs
-- with its owner's rights, and holds whoever works under the role of one company to that company itself.
create function journal_page(asked jsonb, wanted integer, before_at timestamptz, before_id bigint) returns setof bigint
language plpgsql stable rows 50 security definer set search_path = public, pg_temp as $$
declare
    -- A word that is on many tickets is found among the newest at once; the index would gather all of them first.
    newest constant integer := 2000;
    f journal_filter := jsonb_populate_record(null::journal_filter, asked);
    mine integer := my_company();
    conditions text;
    search text;
    found_ids bigint[];
    looked integer;
begin
    if current_setting('role') = 'callcenter_company' or mine is not null then
        if mine is null or f.company <> mine then
            return;
        end if;
        f.company := mine;
    end if;
    conditions := concat_ws(' and ', journal_conditions(f),
        '(t.opened_at, t.id) < (' || quote_literal(before_at) || '::timestamptz, ' || before_id || ')');
    search := journal_search(f);
    if search is null then
        return query execute format(
            'select t.id from tickets t where %s order by t.opened_at desc, t.id desc limit %s', conditions, wanted);
        return;
    end if;
    execute format(
        'select (array_agg(t.id order by t.opened_at desc, t.id desc) filter (where %s))[:%s], count(*) from ('
        'select * from tickets t where %s order by t.opened_at desc, t.id desc limit %s) t',
        search, wanted, conditions, newest)
    into found_ids, looked;
    if looked < newest or cardinality(found_ids) = wanted then
        return query select unnest(found_ids);
        return;
    end if;
    return query execute format(
        'with t as materialized (select t.id, t.opened_at from tickets t where %s and %s) '
        'select t.id from t order by t.opened_at desc, t.id desc limit %s', search, conditions, wanted);
end $$;

-- How many tickets of the company, and of the crew, are late, and how many are due soon; of all when null.
create function journal_counts(company integer, crew integer) returns table (late bigint, soon bigint)
language plpgsql stable security definer set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
    mine integer := my_company();
    theirs integer := coalesce(mine, company);
begin
    if current_setting('role') = 'callcenter_company' and mine is null then
        theirs := 0;
    end if;
    return query
        select count(distinct t.id) filter (where d.due_at < now()), count(distinct t.id) filter (where d.due_at >= now())
        from tickets t
        join ticket_deadlines d on d.ticket_id = t.id and d.met_at is null and d.warn_at <= now()
        where t.state not in ('closed', 'cancelled') and (theirs is null or t.company_id = theirs)
          and (crew is null or t.crew_id = crew);
end $$;

-- A ticket that a call opens is told to the journals that are open, as other changes of tickets are.
create function tell_opened() returns trigger language plpgsql as $$
begin
    perform pg_notify('tickets', json_build_object('ticket', new.id, 'company', new.company_id)::text);
    return null;
end $$;
create trigger told_opened after insert on tickets
    for each row when (new.call_id is not null) execute function tell_opened();
