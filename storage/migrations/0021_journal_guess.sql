-- How many rows the planner expects; it keeps the commonest words of all tickets. Volatile, since only such may explain.
create function rows_expected(statement text) returns double precision language plpgsql volatile as $$
declare
    plan jsonb;
begin
    execute 'explain (format json) ' || statement into plan;
    return (plan -> 0 -> 'Plan' ->> 'Plan Rows')::double precision;
end $$;

-- As before, but of the two ways to find words only the one that promises to be the shorter is gone, where it used to be
-- both for every word that is not common. The planner's guess is often a third of the truth.
create or replace function journal_page(asked jsonb, wanted integer, before_at timestamptz, before_id bigint)
returns setof bigint
language plpgsql stable rows 50 security definer set search_path = public, pg_temp as $$
declare
    -- A word that is on many tickets is found among the newest at once; the index would gather all of them first.
    newest constant integer := 3000;
    f journal_filter := jsonb_populate_record(null::journal_filter, asked);
    mine integer := my_company();
    conditions text;
    search text;
    found_ids bigint[];
    looked integer;
    share double precision;
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
    share := rows_expected(format('select from tickets t where %s and %s', search, conditions))
        / rows_expected(format('select from tickets t where %s', conditions));
    if newest * share * 3 >= wanted then
        execute format(
            'select (array_agg(t.id order by t.opened_at desc, t.id desc) filter (where %s))[:%s], count(*) from ('
            'select * from tickets t where %s order by t.opened_at desc, t.id desc limit %s) t',
            search, wanted, conditions, newest)
        into found_ids, looked;
        if looked < newest or cardinality(found_ids) = wanted then
            return query select unnest(found_ids);
            return;
        end if;
    end if;
    return query execute format(
        'with t as materialized (select t.id, t.opened_at from tickets t where %s and %s) '
        'select t.id from t order by t.opened_at desc, t.id desc limit %s', search, conditions, wanted);
end $$;
