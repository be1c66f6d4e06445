-- The listening room: who listened to which part and why, marks, score cards and reviews, and the search for recordings.

-- A listening, open to its person for some hours. `reason` is null where nobody asked for it, before there was a room.
-- Seconds from the beginning of the recording: `sent` were sent to the browser, `heard` it says to have played.
alter table recording_plays add reason text
    check (reason in ('complaint', 'quality', 'facts', 'training', 'other'));
alter table recording_plays add words text not null default '' check (reason is distinct from 'other' or words <> '');
alter table recording_plays add sent int4multirange not null default '{}';
alter table recording_plays add heard int4multirange not null default '{}';
alter table recording_plays add last_at timestamptz;
create index on recording_plays (recording_id, at desc);
create index on recording_plays (at desc, id desc);

-- A place in a recording, and what was noted of it. What is removed is kept, and shown no more.
create table recording_marks (
    id           bigint generated always as identity primary key,
    recording_id bigint not null references recordings,
    at_s         double precision not null check (at_s >= 0),
    comment      text not null check (comment <> ''),
    made_by      integer not null references operators,
    made_at      timestamptz not null default now(),
    removed_by   integer references operators,
    removed_at   timestamptz,
    check ((removed_by is null) = (removed_at is null))
);
create index on recording_marks (recording_id, at_s);
create index on recording_marks using gin (to_tsvector('russian', comment)) where removed_at is null;

-- By what talks are judged. A card that is changed is a new card, so that a review stays what it was.
create table score_cards (
    id         bigint generated always as identity primary key,
    company_id integer not null references companies,
    made_by    integer not null references operators,
    made_at    timestamptz not null default now()
);
create index on score_cards (company_id, id desc);

-- A line of a card, worth up to `points`; a talk that gets nothing for a critical one gets nothing at all.
create table score_lines (
    id       bigint generated always as identity primary key,
    card_id  bigint not null references score_cards,
    place    integer not null,
    title    text not null check (title <> ''),
    points   integer not null check (points between 1 and 10),
    critical boolean not null default false,
    unique (card_id, place)
);

-- How somebody judged a talk, in hundredths; null when nothing on the card could be. A review that is written anew replaces
-- the older one of the same person, which is kept.
create table reviews (
    id           bigint generated always as identity primary key,
    recording_id bigint not null references recordings,
    card_id      bigint not null references score_cards,
    operator_id  integer references operators,
    made_by      integer not null references operators,
    made_at      timestamptz not null default now(),
    replaced_at  timestamptz,
    score        double precision check (score between 0 and 100),
    comment      text not null default ''
);
create unique index on reviews (recording_id, made_by) where replaced_at is null;
create index on reviews (card_id, made_at) where replaced_at is null;
create index on reviews using gin (to_tsvector('russian', comment)) where replaced_at is null;

-- What a line got; null where there was no occasion for it.
create table review_lines (
    review_id bigint not null references reviews,
    line_id   bigint not null references score_lines,
    points    integer check (points >= 0),
    primary key (review_id, line_id)
);

alter table recording_marks enable row level security;
create policy own on recording_marks to callcenter_company
    using (exists (select from recordings r where r.id = recording_id));
alter table score_cards enable row level security;
create policy own on score_cards to callcenter_company using (company_id = my_company());
alter table score_lines enable row level security;
create policy own on score_lines to callcenter_company
    using (exists (select from score_cards c where c.id = card_id));
alter table reviews enable row level security;
create policy own on reviews to callcenter_company
    using (exists (select from score_cards c where c.id = card_id));
alter table review_lines enable row level security;
create policy own on review_lines to callcenter_company
    using (exists (select from reviews r where r.id = review_id));
grant select on recording_marks, score_cards, score_lines, reviews, review_lines to callcenter_company;

update recordings r set company_id = c.company_id from calls c where c.id = r.call_id and r.company_id is null;
-- A file that nobody expected is placed by when it came.
create index recordings_newest_idx on recordings (coalesce(expected_at, recorded_at) desc, id desc);
create index recordings_of_company_idx on recordings (company_id, coalesce(expected_at, recorded_at) desc, id desc);
create index on talks (operator_id, began_at desc);
create index calls_caller_tail_idx on calls (reverse(caller) text_pattern_ops);

-- What to look for; null is anything. Lengths in seconds. The words as in `journal_filter`.
create type listening_filter as (
    company  integer,
    operator integer,
    houses   integer[],
    since    timestamptz,
    until    timestamptz,
    shortest double precision,
    longest  double precision,
    states   text[],
    marked   boolean,
    reviewed boolean,
    words    text[],
    prefix   text,
    number   integer,
    tail     text
);

-- The filter as conditions on `recordings r`, its call `c`, talk `k` and ticket `t`, without the search.
create function listening_conditions(f listening_filter) returns text language sql stable as $$
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
create function listening_search(f listening_filter) returns text language sql stable as $$
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
create function listening_page(asked jsonb, wanted integer, before_at timestamptz, before_id bigint) returns setof bigint
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
