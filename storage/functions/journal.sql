-- One of the given values; null when there are none. For a single value an index gives the newest in order.
create or replace function one_of(name text, given anyarray) returns text language sql immutable as $$
    select case cardinality(given) when 1 then format('%s = %L', name, given[1])
                                   else format('%s = any(%L::%s)', name, given, pg_typeof(given)) end
    where given is not null
$$;

-- The filter as conditions on `tickets t`, without the search. Whole statements are made of it, so that each is planned for
-- what was asked; one statement for all filters would be planned for none of them.
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
        'is_open(t.state) and ' || case f.due when 'waiting' then 't.waiting_since is not null'
            when 'crew' then 't.crew_said is not null' else
            'exists (select from ticket_deadlines d '
            'where d.ticket_id = t.id and d.met_at is null and d.held_at is null and '
            || case f.due when 'late' then 'd.due_at < now())'
                          when 'soon' then 'd.due_at >= now() and d.warn_at <= now())' end end)
$$;

-- One word with its forms, `батареи|батарея|…` or `батар*|…`, as a query: what it is in Russian in any form, itself letter by
-- letter, or with `*` the beginning of another. Null when there is nothing in it to look for.
create or replace function journal_word(forms text, is_last boolean) returns text language sql immutable as $$
    with form as (
        select rtrim(text, '*') as text, place, text like '%*' as begins, plainto_tsquery('russian', text) as stem
        from string_to_table(forms, '|') with ordinality f (text, place)
    )
    select '(' || string_agg(distinct q, ' | ') || ')' from (
        select stem::text as q from form where numnode(stem) > 0
        union all
        -- Whatever has a word as it is written has its stem as well; a form of an unknown one may have no other.
        select plainto_tsquery('simple', text)::text from form
        where place = 1 and numnode(stem) > 0 and (select count(*) from form) = 1
        union all
        select quote_literal(text) || ':*' from form
        where place = 1 and begins and (numnode(stem) > 0 or is_last)
    ) any_of where q <> ''
$$;

-- The words as a query; null when there are none by which tickets can be found.
create or replace function journal_words(f journal_filter) returns tsquery language sql stable as $$
    with whole as (
        select string_agg(journal_word(w, false), ' & ') as words from unnest(f.words) w
    ), last as (
        -- A word such as `на` may be the beginning of another, but not when others were found to look for.
        select journal_word(f.prefix, true) as words from whole
        where whole.words is null or numnode(plainto_tsquery('russian', split_part(f.prefix, '|', 1))) > 0
    )
    select nullif(concat_ws(' & ', whole.words, last.words, quote_literal('@' || f.company)),
                  coalesce(quote_literal('@' || f.company), ''))::tsquery
    from whole left join last on true
$$;

-- The search as a condition on `tickets t`; null when there is none.
create or replace function journal_search(f journal_filter) returns text language sql stable as $$
    select nullif(concat_ws(' and ',
        't.search @@ ' || quote_literal(journal_words(f)) || '::tsquery',
        '(' || nullif(concat_ws(' or ',
            't.number = ' || quote_literal(f.number),
            'reverse(t.caller) like ' || quote_literal(f.tail || '%'),
            'reverse(t.contact_phone) like ' || quote_literal(f.tail || '%')), '') || ')'), '')
$$;

-- As a condition on `tickets t`: it is not below an incident that the filter and the search find as well. Of a ticket the
-- incident is one row by its key; as a scalar it cannot be planned as a join with all incidents.
create or replace function journal_unfolded(conditions text, search text) returns text language sql immutable as $$
    select '(t.parent_id is null or (select true from (select t.parent_id as incident) below, '
           'lateral (select * from tickets where id = below.incident) t where '
           || concat_ws(' and ', conditions, search) || ') is null)'
$$;

-- That a ticket was opened between these times, or some weeks before or after, as a condition on `tickets t`: as
-- `tickets_search_weeks_idx` has it, beside the words. What was opened from `since` on is all there.
create or replace function journal_weeks(since timestamptz, until timestamptz) returns text language sql immutable as $$
    select format('array[((t.opened_at at time zone ''UTC'')::date - date ''2000-01-01'') / 28] && %L::integer[]', array(
        select generate_series(((since at time zone 'UTC')::date - date '2000-01-01') / 28,
                               ((until at time zone 'UTC')::date - date '2000-01-01') / 28)))
$$;

-- At most `wanted` tickets, newest first, from the one opened at `before_at` with `before_id` on; from the newest when null.
--
-- How far back words are searched for depends on how many of the newest tickets have them. The planner's estimate is no
-- help: for two words that go together it is a twentieth of the true number.
--
-- Row-level security keeps operators that are not leakproof (words, the end of a number) out of index scans. So this runs
-- with its owner's rights, and itself restricts whoever works under the role of one company to that company.
create or replace function journal_page(asked jsonb, wanted integer, before_at timestamptz, before_id bigint)
returns setof bigint
language plpgsql stable rows 50 security definer set search_path = public, pg_temp set work_mem = '32MB' as $$
declare
    -- Looked at first, to find what is common and to learn how common the rest is.
    newest constant integer := 2000;
    -- How much further back than where the page should end by what was found so far: older tickets may have less of it.
    margin constant float := 1.5;
    f journal_filter := jsonb_populate_record(null::journal_filter, asked);
    mine integer := my_company();
    conditions text;
    search text;
    unfolded text;
    gather text;
    found_ids bigint[];
    have bigint;
    looked bigint;
    last_at timestamptz;
    first_at timestamptz;
    since timestamptz;
begin
    if current_setting('role') = 'callcenter_company' or mine is not null then
        if mine is null or f.company <> mine then
            return;
        end if;
        f.company := mine;
    end if;
    conditions := journal_conditions(f);
    search := journal_search(f);
    if f.folded then
        unfolded := journal_unfolded(conditions, search);
    end if;
    conditions := concat_ws(' and ', conditions,
        '(t.opened_at, t.id) < (' || quote_literal(before_at) || '::timestamptz, ' || before_id || ')');
    if search is null then
        return query execute format(
            'select t.id from tickets t where %s order by t.opened_at desc, t.id desc limit %s',
            concat_ws(' and ', conditions, unfolded), wanted);
        return;
    end if;
    search := concat_ws(' and ', search, unfolded);
    gather := 'with t as materialized (select t.id, t.opened_at from tickets t where %s and ' || replace(conditions, '%', '%%')
        || ') select t.id from t order by t.opened_at desc, t.id desc limit ' || wanted;
    -- Numbers are rare.
    if journal_words(f) is not null then
        execute format(
            'select (array_agg(t.id order by t.opened_at desc, t.id desc) filter (where %1$s))[:%2$s],'
            ' count(*) filter (where %1$s), count(*), max(t.opened_at), min(t.opened_at) from ('
            'select * from tickets t where %3$s order by t.opened_at desc, t.id desc limit %4$s) t',
            search, wanted, conditions, newest)
        into found_ids, have, looked, last_at, first_at;
        if looked < newest or have >= wanted then
            return query select unnest(found_ids);
            return;
        end if;
        since := least(first_at, last_at - interval '1 day');
        loop
            since := last_at - (last_at - since) * (margin * wanted / (have + 1));
            exit when since < (select min(opened_at) from tickets);
            execute format('select array(' || gather || ')', journal_weeks(since, last_at) || ' and ' || search) into found_ids;
            have := cardinality(found_ids);
            if have = wanted then
                return query select unnest(found_ids);
                return;
            end if;
        end loop;
    end if;
    return query execute format(gather, search);
end $$;

-- How many tickets of the company, and of the crew, are late, and how many are due soon; of all when null.
create or replace function journal_counts(company integer, crew integer) returns table (late bigint, soon bigint)
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
        join ticket_deadlines d on d.ticket_id = t.id and d.met_at is null and d.held_at is null and d.warn_at <= now()
        where is_open(t.state) and (theirs is null or t.company_id = theirs)
          and (crew is null or t.crew_id = crew);
end $$;
