-- needs: journal

-- The filter as conditions on `recordings r`, its call `c`, talk `k` and ticket `t`, without the search.
create or replace function listening_conditions(f listening_filter) returns text language sql stable as $$
    select concat_ws(' and ',
        'true',
        'r.company_id = ' || quote_literal(f.company),
        'coalesce(k.operator_id, c.operator_id) = ' || quote_literal(f.operator),
        't.house_id = any(' || quote_literal(f.houses) || '::integer[])',
        'coalesce(r.expected_at, r.recorded_at) >= ' || quote_literal(f.since),
        'coalesce(r.expected_at, r.recorded_at) < ' || quote_literal(f.until),
        'r.duration_s >= ' || quote_literal(f.shortest),
        'r.duration_s <= ' || quote_literal(f.longest),
        'r.state = any(' || quote_literal(f.states) || '::text[])',
        case when f.marked then 'exists (select from recording_marks m where m.recording_id = r.id and m.removed_at is null)' end,
        case f.reviewed
            when true then 'exists (select from reviews v where v.recording_id = r.id and v.replaced_at is null)'
            when false then 'not exists (select from reviews v where v.recording_id = r.id and v.replaced_at is null)' end)
$$;

-- The search as a condition on `recordings r`; null when there is none. Words are looked for in the ticket and in what was
-- noted of the recording. Each kind is a set of its own, found by its index.
create or replace function listening_search(f listening_filter) returns text language sql stable as $$
    with asked as (
        select quote_literal(journal_words(jsonb_populate_record(
            null::journal_filter, jsonb_build_object('words', f.words, 'prefix', f.prefix)))) || '::tsquery' as words
    )
    select nullif(concat_ws(' and ',
        'r.id in (select x.id from recordings x join tickets t on t.id = x.ticket_id where t.search @@ ' || words
            || ' union select recording_id from recording_marks where removed_at is null and to_tsvector(''russian'', comment) @@ '
            || words
            || ' union select recording_id from reviews where replaced_at is null and to_tsvector(''russian'', comment) @@ '
            || words || ')',
        'r.id in (' || nullif(concat_ws(' union ',
            'select x.id from recordings x join tickets t on t.id = x.ticket_id where t.number = ' || quote_literal(f.number),
            'select x.id from recordings x join calls c on c.id = x.call_id where reverse(c.caller) like '
                || quote_literal(f.tail || '%')), '') || ')'), '')
    from asked
$$;

-- At most `wanted` recordings, newest first, from the one of `before_at` with `before_id` on; from the newest when null.
-- Runs with the rights of who asks: row-level security holds.
create or replace function listening_page(asked jsonb, wanted integer, before_at timestamptz, before_id bigint) returns setof bigint
language plpgsql stable rows 50 as $$
declare
    f listening_filter := jsonb_populate_record(null::listening_filter, asked);
begin
    return query execute format(
        'select r.id from recordings r left join calls c on c.id = r.call_id left join talks k on k.recording = r.name '
        'left join tickets t on t.id = r.ticket_id where coalesce(r.expected_at, r.recorded_at) is not null and %s '
        'order by coalesce(r.expected_at, r.recorded_at) desc, r.id desc limit %s',
        concat_ws(' and ', listening_conditions(f), listening_search(f),
            '(coalesce(r.expected_at, r.recorded_at), r.id) < (' || quote_literal(before_at) || '::timestamptz, ' || before_id || ')'), wanted);
end $$;
