-- A made-up journal of any size, made in the database. Everything is a function of its place in a series and of the seed.

-- name: is_demo
select coalesce(current_setting('callcenter.demo', true), '') = 'yes'

-- name: is_empty
select not exists (select from companies) and not exists (select from calls)

-- name: mark_demo
select format('alter database %I set callcenter.demo = %L', current_database(), 'yes')

-- name: memory
select set_config('work_mem', '256MB', true), set_config('maintenance_work_mem', '512MB', true)

-- A number from 0 to $3 - 1 for the place $1 and the purpose $2. The blank is the seed.
-- name: pick
create function pg_temp.pick(place bigint, purpose integer, out_of integer) returns integer language sql immutable as $$
    select ((hashint8extended(place, purpose + 1000 * {seed}) & 9223372036854775807) % out_of)::integer
$$

-- Foreign keys and plain indexes of the large tables. They are put back, and so checked, over all rows at once.
-- name: foreign_keys
select conrelid::regclass::text as "table", conname as name, pg_get_constraintdef(oid) as definition
from pg_constraint
where contype = 'f' and conrelid = any($1::regclass[]) and conparentid = 0
order by 1, 2

-- name: indexes
select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
from pg_index i
where indrelid = any($1::regclass[]) and not exists (select from pg_constraint where conindid = i.indexrelid)
order by 1

-- $1 companies with their numbers; $2: their names.
-- name: companies
create temporary table made_companies on commit drop as
with added as (
    insert into companies (name, zone)
    select format('УК «%s-%s»', ($2::text[])[1 + n % cardinality($2::text[])], before.companies + n + 1),
           (array['Europe/Moscow', 'Europe/Moscow', 'Europe/Moscow', 'Europe/Samara', 'Asia/Yekaterinburg'])[1 + n % 5]
    from generate_series(0, $1::integer - 1) n, (select count(*) from companies) before (companies)
    order by n
    returning id, zone, last_ticket_number
)
select (row_number() over (order by id))::integer - 1 as n, id, zone, '7000' || lpad(id::text, 7, '0') as number,
       last_ticket_number
from added

-- name: numbers
insert into numbers (number, company_id) select number, id from made_companies

-- $1 houses, shared out among the companies; $2: streets. The first has 900 flats.
-- name: houses
create temporary table made_houses on commit drop as
with added as (
    insert into houses (company_id, city, street, building, entrances)
    select c.id,
           case c.zone when 'Europe/Samara' then 'Самара' when 'Asia/Yekaterinburg' then 'Екатеринбург'
                       else (array['Москва', 'Москва', 'Химки', 'Подольск'])[1 + pg_temp.pick(c.n, 1, 4)] end,
           ($2::text[])[1 + place % cardinality($2::text[])],
           (1 + place / cardinality($2::text[]))::text
               || (array['', '', '', '', 'к1', 'к2', 'А'])[1 + pg_temp.pick(place, 2, 7)],
           1 + pg_temp.pick(place, 3, 8)
    from (select n, n + coalesce((select max(id) from houses), 0) as place from generate_series(0, $1::integer - 1) n) h
    join made_companies c on c.n = h.n % (select count(*) from made_companies)
    order by h.n
    on conflict do nothing
    returning id, company_id, city, street, building, entrances
)
select *, case when row_number() over (order by id) = 1 then 900 else 60 + pg_temp.pick(id, 4, 80) end as flats from added

-- name: premises
insert into premises (house_id, flat, entrance)
select h.id, flat::text, 1 + (flat - 1) * h.entrances / h.flats
from made_houses h, generate_series(1, h.flats) flat

-- One or two residents a flat, each with a telephone in a range that nobody has; $1 and $2: names of men and women.
-- name: residents
with added as (
    insert into residents (premises_id, name, account)
    select premises_id,
           case when place % 2 = 0 then ($1::text[])[1 + pg_temp.pick(place, 5, cardinality($1::text[]))]
                else ($2::text[])[1 + pg_temp.pick(place, 5, cardinality($2::text[]))] end,
           'Л' || lpad(place::text, 9, '0')
    from (
        select p.id as premises_id,
               row_number() over (order by p.id, k) + coalesce((select max(id) from residents), 0) as place
        from premises p
        join made_houses h on h.id = p.house_id, generate_series(1, 1 + pg_temp.pick(p.id, 6, 2)) k
    ) r
    order by place
    returning id
)
insert into resident_phones (phone, resident_id) select '+7000' || lpad((id::bigint * 7919 % 10000000)::text, 7, '0'), id from added

-- Every resident with the address, in one row; numbered within the company from 0 on.
-- name: homes
create temporary table made_homes on commit drop as
select h.company_id, (row_number() over (partition by h.company_id order by r.id))::integer - 1 as n,
       h.id as house_id, p.id as premises_id, r.id as resident_id, r.name, f.phone,
       to_tsvector('russian', concat_ws(' ', h.city, h.street, h.building, r.name)) as house_words,
       to_tsvector('russian', concat_ws(' ', h.city, h.street, h.building, p.flat, r.name)) as words,
       to_tsvector('simple', r.name) as name_words
from made_houses h
join premises p on p.house_id = h.id
join residents r on r.premises_id = p.id
join resident_phones f on f.resident_id = r.id

-- name: count_homes
create temporary table made_counts on commit drop as
select c.n, c.id, c.zone, c.number, c.last_ticket_number, count(*)::integer as homes
from made_companies c
join made_homes h on h.company_id = c.id
group by 1, 2, 3, 4, 5

-- $1: names of crews, the first of which works round the clock; $2: names of the responsible persons.
-- name: crews
with added as (
    insert into crews (company_id, name)
    select c.id, name from made_companies c, unnest($1::text[]) with ordinality as crew (name, place)
    order by c.id, place
    returning id, company_id, name
), hours as (
    insert into crew_hours (crew_id, weekday, opens, closes)
    select id, weekday, '08:00', '18:00' from added, generate_series(1, 5) weekday where name <> ($1::text[])[1]
)
insert into responsibles (company_id, crew_id, name, phone)
select company_id, id, ($2::text[])[1 + id % cardinality($2::text[])],
       '+7000' || lpad((9000000 + id % 1000000)::text, 7, '0')
from added
on conflict do nothing

-- name: crews_made
create temporary table made_crews on commit drop as
select c.company_id, (row_number() over (partition by c.company_id order by c.id))::integer - 1 as n, c.id,
       min(r.id) as responsible_id
from crews c
join made_companies m on m.id = c.company_id
left join responsibles r on r.crew_id = c.id
group by c.company_id, c.id

-- Operators and a manager for each company, none of whom can log in; $1 how many, $2 names.
-- name: people
with managers as (
    insert into operators (login, name, role, company_id)
    select 'made-manager-' || id, ($2::text[])[1 + id % cardinality($2::text[])], 'manager', id from made_companies
    on conflict (login) do nothing
)
insert into operators (login, name, role)
select 'made-operator-' || lpad(n::text, 2, '0'), ($2::text[])[1 + (n * 37) % cardinality($2::text[])], 'operator'
from generate_series(1, $1::integer) n
on conflict (login) do nothing

-- name: operators_made
create temporary table made_operators on commit drop as
select (row_number() over (order by login))::integer - 1 as n, id
from operators
where login like 'made-operator-%'

-- What tickets say: $1 codes of categories, $2 subjects, $3 descriptions, side by side; numbered within the code.
-- name: texts
create temporary table made_texts on commit drop as
select code, (row_number() over (partition by code order by place))::integer - 1 as n,
       (count(*) over (partition by code))::integer as texts, subject, description,
       to_tsvector('russian', subject) as subject_words, to_tsvector('russian', description) as description_words
from unnest($1::text[], $2::text[], $3::text[]) with ordinality as t (code, subject, description, place)

-- name: details
create temporary table made_details on commit drop as
select place::integer - 1 as n, detail, to_tsvector('russian', detail) as words
from unnest($1::text[]) with ordinality as d (detail, place)

-- name: node
insert into nodes (name) values ('made') on conflict do nothing

-- $1 tickets of the last $2 days; $3 of them begin with a call; a company has $4 crews. What happened is given by
-- times, each null when it did not happen; all of them are in the past.
-- name: plan
create temporary table made on commit drop as
with placed as (
    select n, least(now() - make_interval(secs => pg_temp.pick(n, 10, 21600)),
               date_trunc('day', now() - make_interval(secs => $2::integer * 86400.0 * ($1::integer - n) / $1::integer))
               + make_interval(hours => (array[0,1,3,5,6,7,7,8,8,8,9,9,9,10,10,10,11,11,12,12,13,13,14,14,15,15,16,16,16,17,17,
                                               17,18,18,19,19,20,20,21,22,23])[1 + pg_temp.pick(n, 11, 41)],
                               secs => pg_temp.pick(n, 12, 3600))) as opened_at,
           least(pg_temp.pick(n, 13, c.companies), pg_temp.pick(n, 14, c.companies)) as company,
           (array['damage', 'damage', 'sewer', 'chute', 'paid', 'paid', 'question', 'question', 'question', 'question'])
               [1 + pg_temp.pick(n, 15, 20)] as code,
           pg_temp.pick(n, 16, 1000) as draw
    from generate_series(1, $1::integer) n, (select count(*)::integer as companies from made_companies) c
), aged as (
    select *, coalesce(code, 'repair') as category, now() - opened_at as age,
           case coalesce(code, 'repair')
               when 'question' then make_interval(mins => 3 + pg_temp.pick(n, 17, 20))
               when 'repair' then make_interval(hours => 4 + pg_temp.pick(n, 17, 200))
               when 'paid' then make_interval(hours => 8 + pg_temp.pick(n, 17, 90))
               else make_interval(mins => 25 + pg_temp.pick(n, 17, 40) * (1 + pg_temp.pick(n, 18, 5))) end as lasts
    from placed
), fated as (
    select *, case
            -- Answered on the telephone; no crew has it.
            when code = 'question' then
                case when age < interval '1 hour' and draw < 500 then 'new' when draw < 960 then 'closed'
                     when draw < 990 then 'cancelled' else 'reopened' end
            when age > interval '14 days' then
                case when draw < 925 then 'closed' when draw < 985 then 'cancelled' when draw < 994 then 'done'
                     when draw < 997 then 'in_progress' else 'reopened' end
            when age > interval '1 day' then
                case when draw < 750 then 'closed' when draw < 800 then 'cancelled' when draw < 880 then 'done'
                     when draw < 940 then 'in_progress' when draw < 970 then 'accepted' when draw < 990 then 'assigned'
                     else 'reopened' end
            else case when draw < 180 then 'closed' when draw < 200 then 'cancelled' when draw < 400 then 'done'
                      when draw < 600 then 'in_progress' when draw < 700 then 'accepted' when draw < 850 then 'assigned'
                      else 'new' end
        end as state,
        least(lasts, age * 0.9) as took
    from aged
)
select f.n, f.n + base.id as id, f.opened_at, c.id as company_id, c.zone, c.number as did, f.category, f.state,
       row_number() over (partition by c.id order by f.opened_at, f.n) + c.last_ticket_number as number,
       case when f.n % 100 < 100.0 * $3::integer / $1::integer
            then format('made-%s.%s', extract(epoch from f.opened_at)::bigint, f.n + base.id) end as call_id,
       h.house_id,
       case when pg_temp.pick(f.n, 20, 100) < 82 then h.premises_id end as premises_id,
       h.resident_id, h.name, h.phone, h.words, h.house_words, h.name_words,
       pg_temp.pick(f.n, 21, 10) < 7 as asked_for_phone,
       cr.id as crew_id, cr.responsible_id, o.id as operator_id,
       pg_temp.pick(f.n, 22, 1000000) as text_place, pg_temp.pick(f.n, 23, 1000000) as detail_place,
       case when f.state <> 'new' or pg_temp.pick(f.n, 24, 2) = 0
            then least(f.opened_at + make_interval(secs => 40 + pg_temp.pick(f.n, 25, 300) * (1 + pg_temp.pick(f.n, 26, 8))),
                       f.opened_at + f.age * 0.95) end as told_at,
       case when f.category <> 'question' and f.state not in ('new', 'cancelled') then f.opened_at + f.took * 0.05 end as assigned_at,
       case when f.category <> 'question' and f.state not in ('new', 'cancelled', 'assigned') then f.opened_at + f.took * 0.15 end
           as accepted_at,
       case when f.category <> 'question' and f.state not in ('new', 'cancelled', 'assigned', 'accepted')
            then f.opened_at + f.took * 0.3 end as started_at,
       case when f.category <> 'question' and f.state in ('done', 'closed', 'reopened') then f.opened_at + f.took * 0.9 end as done_at,
       case when not is_open(f.state) then f.opened_at + f.took end as closed_at,
       case when f.state = 'reopened' then f.opened_at + f.took end as reopened_at,
       case when f.category = 'paid' then 500 + 50 * pg_temp.pick(f.n, 27, 150) end as price,
       pg_temp.pick(f.n, 28, 100) as paying,
       (f.category in ('repair', 'paid') and f.state <> 'new') as planned
from fated f
join made_counts c on c.n = f.company
join made_homes h on h.company_id = c.id and h.n = pg_temp.pick(f.n, 19, c.homes)
join made_crews cr on cr.company_id = c.id
    and cr.n = case f.category when 'damage' then 0 else pg_temp.pick(f.n, 29, $4::integer) end
join made_operators o on o.n = pg_temp.pick(f.n, 30, (select count(*)::integer from made_operators))
cross join (select greatest(coalesce(max(id), 0), coalesce(pg_sequence_last_value(pg_get_serial_sequence('tickets', 'id')), 0)) as id from tickets) base

-- name: analyze
analyze made

-- The calls with which tickets start.
-- name: calls_of_tickets
insert into calls (id, node, company_id, resident_id, did, caller, queue, state, outcome, operator_id, recording, ended_by,
                   arrived_at, queued_at, answered_at, talk_ended_at, left_at, ended_at, wait_s, talk_s, rings, hangup_cause)
select call_id, 'made', company_id, resident_id, did, phone, did, 'ended', 'answered', operator_id,
       pg_temp.recording(call_id, opened_at),
       case when n % 3 = 0 then 'operator' else 'caller' end,
       opened_at - wait - interval '7 s', opened_at - wait, opened_at, opened_at + talk, opened_at + talk,
       opened_at + talk + interval '1 s', extract(epoch from wait), extract(epoch from talk), 1, 16
from (
    select *, make_interval(secs => 2 + pg_temp.pick(n, 40, 40) + pg_temp.pick(n, 41, 10) / 10.0) as wait,
           least(make_interval(secs => 30 + pg_temp.pick(n, 42, 300)), now() - opened_at - interval '1 s') as talk
    from made
    where call_id is not null
) m
order by n

-- The rest of $1 calls of the last $2 days: those without a ticket.
-- name: other_calls
insert into calls (id, node, company_id, resident_id, did, caller, queue, state, outcome, fate, operator_id, recording, ended_by,
                   arrived_at, queued_at, answered_at, talk_ended_at, left_at, ended_at, wait_s, talk_s, rings, hangup_cause)
select call, 'made', company_id, resident_id, did, phone,
       case when outcome <> 'hung_up_early' then did end, 'ended', outcome,
       case when outcome in ('abandoned', 'timed_out', 'interrupted') then outcome end,
       case when outcome = 'answered' then operator_id end,
       case when outcome = 'answered' then pg_temp.recording(call, arrived_at + interval '7 s' + wait) end,
       case when outcome in ('timed_out', 'interrupted') then 'system' else 'caller' end,
       arrived_at,
       case when outcome <> 'hung_up_early' then arrived_at + interval '7 s' end,
       case when outcome = 'answered' then arrived_at + interval '7 s' + wait end,
       case when outcome = 'answered' then arrived_at + interval '7 s' + wait + talk end,
       arrived_at + interval '7 s' + case when outcome = 'hung_up_early' then -interval '3 s' when outcome = 'answered' then wait + talk else wait end,
       arrived_at + interval '8 s' + case when outcome = 'hung_up_early' then -interval '3 s' when outcome = 'answered' then wait + talk else wait end,
       case when outcome <> 'hung_up_early' then extract(epoch from wait) end,
       case when outcome = 'answered' then extract(epoch from talk) end, 1, 16
from (
    select s.n + base.id as id, format('made-%s.0%s', extract(epoch from at.arrived_at)::bigint, s.n + base.id) as call, h.company_id, h.resident_id, c.number as did, h.phone, o.id as operator_id,
           (array['answered', 'answered', 'answered', 'answered', 'answered', 'answered', 'abandoned', 'abandoned',
                  'hung_up_early', 'timed_out'])[1 + pg_temp.pick(s.n, 50, 10)] as outcome,
           at.arrived_at,
           make_interval(secs => 3 + pg_temp.pick(s.n, 51, 90)) as wait,
           make_interval(secs => 15 + pg_temp.pick(s.n, 52, 240)) as talk
    from (select $1::integer - count(call_id)::integer as calls from made) more
    cross join lateral generate_series(1, more.calls) s (n)
    cross join lateral (
        select now() - interval '10 min' - make_interval(secs => $2::integer * 86400.0 * (more.calls - s.n) / more.calls)
    ) at (arrived_at)
    join made_counts c on c.n = pg_temp.pick(s.n, 53, (select count(*)::integer from made_counts))
    join made_homes h on h.company_id = c.id and h.n = pg_temp.pick(s.n, 54, c.homes)
    join made_operators o on o.n = pg_temp.pick(s.n, 55, (select count(*)::integer from made_operators))
    cross join (select count(*) as id from calls where node = 'made') base
) m
order by id

-- Their words are assembled from words that were parsed once, as `ticket_words` would find them.
-- name: tickets
insert into tickets (id, company_id, number, call_id, caller, house_id, premises_id, resident_id, operator_id, subject,
                     state, opened_at, version, category_id, description, contact_name, contact_phone, common_property,
                     access_at, access_reason, access_people, price, payment, crew_id, responsible_id, planned_from,
                     planned_until, accepted_at, started_at, done_at, closed_at, result, cancel_reason, updated_at, search,
                     late_from, localised_at)
overriding system value
select m.id, m.company_id, m.number, m.call_id, m.phone, m.house_id, m.premises_id,
       case when m.premises_id is not null then m.resident_id end, m.operator_id, t.subject, m.state, m.opened_at,
       1 + num_nonnulls(m.assigned_at, m.accepted_at, m.started_at, m.done_at, m.closed_at, m.reopened_at, m.told_at),
       c.id, t.description || ' ' || d.detail, case when m.premises_id is null then m.name else '' end,
       case when m.asked_for_phone then m.phone else '' end, m.premises_id is null,
       case when m.access then m.opened_at + interval '1 day' end,
       case when m.access then t.subject else '' end, case when m.access then r.name else '' end,
       m.price,
       case when m.price is null or m.state in ('new', 'cancelled') then 'none'
            when m.done_at is null or m.paying < 12 then 'due' when m.paying < 15 then 'refunded' else 'paid' end,
       case when m.assigned_at is not null then m.crew_id end, case when m.assigned_at is not null then m.responsible_id end,
       case when m.planned then date_trunc('hour', m.opened_at) + interval '1 day' end,
       case when m.planned then date_trunc('hour', m.opened_at) + interval '1 day 3 hours' end,
       m.accepted_at, m.started_at, m.done_at, m.closed_at,
       case when m.done_at is not null then 'Выполнено, жалоб нет.' when m.state = 'closed' then 'Дан ответ по телефону.' else '' end,
       case when m.state = 'cancelled' then (array['Житель отказался', 'Повторная заявка', 'Не наш дом'])[1 + m.n % 3] else '' end,
       coalesce(m.reopened_at, m.closed_at, m.done_at, m.started_at, m.accepted_at, m.assigned_at, m.told_at, m.opened_at),
       array_to_tsvector(array['@' || m.company_id])
       || setweight(to_tsvector('simple', m.number::text), 'A')
       || setweight(case when m.premises_id is null then m.house_words else m.words end || t.subject_words || m.name_words, 'B')
       || (t.description_words || d.words)
       || to_tsvector('simple', concat_ws(' ', m.phone, case when m.asked_for_phone then m.phone end)),
       dl.late_from, dl.localised_at
from (select *, planned and premises_id is not null and n % 3 = 0 as access from made) m
join categories c on c.company_id = m.company_id and c.code = m.category
join (select code, max(texts) as texts from made_texts group by code) k on k.code = m.category
join made_texts t on t.code = m.category and t.n = m.text_place % k.texts
join made_details d on d.n = m.detail_place % (select count(*)::integer from made_details)
left join responsibles r on r.id = m.responsible_id
left join (
    select ticket_id, min(due_at) filter (where met_at is null or met_at > due_at) as late_from,
           min(met_at) filter (where step = 'localise') as localised_at
    from ticket_deadlines group by ticket_id
) dl on dl.ticket_id = m.id
order by m.n

-- name: numbers_given
update companies c set last_ticket_number = m.number
from (select company_id, max(number) as number from made group by company_id) m
where m.company_id = c.id

-- name: ids_given
select setval(pg_get_serial_sequence('tickets', 'id'), (select max(id) from tickets))

-- What happened, each kind after the one before it, so that a ticket's events are numbered in their order.
-- name: events
insert into ticket_events (ticket_id, at, operator_id, crew_id, kind, from_state, to_state, comment)
select id, opened_at, operator_id, null::integer, 'opened', null, null, '' from made
union all
select id, told_at, operator_id, null, 'told', null, null, '' from made where told_at is not null
union all
select id, assigned_at, operator_id, crew_id, 'moved', 'new', 'assigned', '' from made where assigned_at is not null
union all
select id, accepted_at, null, crew_id, 'moved', 'assigned', 'accepted', '' from made where accepted_at is not null
union all
select id, started_at, null, crew_id, 'moved', 'accepted', 'in_progress', '' from made where started_at is not null
union all
select id, started_at, null, crew_id, 'localised', null, null, '' from made
where category = 'damage' and started_at is not null
union all
select id, done_at, null, crew_id, 'moved', 'in_progress', 'done', 'Выполнено, жалоб нет.' from made where done_at is not null
union all
select id, closed_at, operator_id, null, 'moved', case when done_at is null then 'new' else 'done' end, state,
       case state when 'cancelled' then 'Отменена' else '' end
from made where closed_at is not null
union all
select id, reopened_at, operator_id, null, 'moved', 'done', 'reopened', 'Неисправность повторилась.' from made
where reopened_at is not null

-- Limits with a window run while it is open; none of the limits of a new company is longer than a window.
-- name: deadlines
insert into ticket_deadlines (ticket_id, step, due_at, warn_at, met_at)
select m.id, l.step, d.due_at, d.warn_at,
       case l.step when 'tell' then m.told_at when 'localise' then m.started_at else m.done_at end
from made m
join categories c on c.company_id = m.company_id and c.code = m.category
join limits l on l.category_id = c.id
cross join lateral (
    select m.opened_at at time zone m.zone as here, make_interval(mins => l.minutes) as due,
           make_interval(mins => l.minutes - l.warn_before) as warn
) o
cross join lateral (
    select case when o.here::time < l.opens then o.here::date + l.opens
                when o.here::time >= l.closes then o.here::date + 1 + l.opens
                else o.here end as starts
) s
cross join lateral (select s.starts::date + l.closes as ends, s.starts::date + 1 + l.opens as next) w
cross join lateral (
    select case when l.opens is null then m.opened_at + o.due
                when s.starts + o.due <= w.ends then (s.starts + o.due) at time zone m.zone
                else (w.next + (s.starts + o.due - w.ends)) at time zone m.zone end as due_at,
           case when l.opens is null then m.opened_at + o.warn
                when s.starts + o.warn <= w.ends then (s.starts + o.warn) at time zone m.zone
                else (w.next + (s.starts + o.warn - w.ends)) at time zone m.zone end as warn_at
) d
