-- As before, but which way words are found follows from how many of the newest tickets have them, where it used to be one
-- way after the other. A planner's guess is no help: for two words that go together it is a twentieth of the truth.
create or replace function journal_page(asked jsonb, wanted integer, before_at timestamptz, before_id bigint)
returns setof bigint
language plpgsql stable rows 50 security definer set search_path = public, pg_temp set work_mem = '32MB' as $$
declare
    -- Looked at first, to find what is common and to learn how common the rest is.
    newest constant integer := 2000;
    -- To look at more takes longer than to gather from the index whatever is so rare.
    most constant integer := 25000;
    f journal_filter := jsonb_populate_record(null::journal_filter, asked);
    mine integer := my_company();
    conditions text;
    search text;
    found_ids bigint[];
    have bigint;
    looked bigint;
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
    -- Numbers are rare.
    if journal_words(f) is not null then
        execute format(
            'select (array_agg(t.id order by t.opened_at desc, t.id desc) filter (where %1$s))[:%2$s],'
            ' count(*) filter (where %1$s), count(*) from ('
            'select * from tickets t where %3$s order by t.opened_at desc, t.id desc limit %4$s) t',
            search, wanted, conditions, newest)
        into found_ids, have, looked;
        if looked < newest or have >= wanted then
            return query select unnest(found_ids);
            return;
        end if;
        if have * most >= wanted * newest then
            execute format(
                'select array_agg(id) from (select t.id from ('
                'select * from tickets t where %s order by t.opened_at desc, t.id desc limit %s) t where %s limit %s) t',
                conditions, most, search, wanted)
            into found_ids;
            if cardinality(found_ids) = wanted then
                return query select unnest(found_ids);
                return;
            end if;
        end if;
    end if;
    return query execute format(
        'with t as materialized (select t.id, t.opened_at from tickets t where %s and %s) '
        'select t.id from t order by t.opened_at desc, t.id desc limit %s', search, conditions, wanted);
end $$;
