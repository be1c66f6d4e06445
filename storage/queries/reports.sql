-- Reports. Each gets a list of steps: of which company ($1), which step of the period ($2), from ($3) and until when
-- ($4). A ticket belongs to the step in which the dispatch centre accepted it, that is, opened it.

-- name: companies
select id, name, zone from companies where $1::integer is null or id = $1 order by name

-- name: tickets
select s.step,
       sum(n.accepted)::bigint as accepted, sum(n.closed)::bigint as closed,
       sum(n.cancelled)::bigint as cancelled, sum(n.late)::bigint as late
from unnest($1::integer[], $2::integer[], $3::timestamptz[], $4::timestamptz[]) s (company_id, step, start, until)
cross join lateral (
    select count(*) as accepted,
           count(*) filter (where t.state = 'closed') as closed,
           count(*) filter (where t.state = 'cancelled') as cancelled,
           count(*) filter (where t.late_from < coalesce(t.closed_at, case when t.state <> 'cancelled' then now() end)) as late
    from tickets t
    where t.company_id = s.company_id and t.opened_at >= s.start and t.opened_at < s.until
) n
group by s.step

-- name: categories
select c.code, c.class, c.name_ru, c.name_en,
       sum(n.accepted)::bigint as accepted, sum(n.closed)::bigint as closed,
       sum(n.cancelled)::bigint as cancelled, sum(n.late)::bigint as late
from unnest($1::integer[], $2::integer[], $3::timestamptz[], $4::timestamptz[]) s (company_id, step, start, until)
cross join lateral (
    select t.category_id,
           count(*) as accepted,
           count(*) filter (where t.state = 'closed') as closed,
           count(*) filter (where t.state = 'cancelled') as cancelled,
           count(*) filter (where t.late_from < coalesce(t.closed_at, case when t.state <> 'cancelled' then now() end)) as late
    from tickets t
    where t.company_id = s.company_id and t.opened_at >= s.start and t.opened_at < s.until
    group by t.category_id
) n
left join categories c on c.id = n.category_id
group by c.code, c.class, c.name_ru, c.name_en
order by accepted desc, c.code, c.name_ru

-- Seconds from the opening of an emergency to its acceptance by a crew, and to its localisation or, where nothing was to
-- be localised, its end: how many were, the median, the ninth decile. By house.
-- name: houses
with reactions as materialized (
    select t.house_id,
           extract(epoch from t.accepted_at - t.opened_at)::real as accepted,
           extract(epoch from least(t.localised_at, t.done_at) - t.opened_at)::real as localised
    from unnest($1::integer[], $2::integer[], $3::timestamptz[], $4::timestamptz[]) s (company_id, step, start, until)
    join categories k on k.company_id = s.company_id and k.class = 'emergency'
    join tickets t on t.category_id = k.id and t.company_id = s.company_id
        and t.opened_at >= s.start and t.opened_at < s.until and t.state <> 'cancelled'
), summed as (
    select house_id, count(*) as emergencies, count(accepted) as accepted, count(localised) as localised,
           percentile_cont(array[0.5, 0.9]) within group (order by accepted) as accepted_s,
           percentile_cont(array[0.5, 0.9]) within group (order by localised) as localised_s
    from reactions group by house_id
)
select concat_ws(', ', h.city, h.street, h.building) as name, s.emergencies, s.accepted, s.localised,
       s.accepted_s, s.localised_s
from summed s
left join houses h on h.id = s.house_id
order by s.emergencies desc, name

-- The same by crew; of several companies, with the name of each.
-- name: crews
with reactions as materialized (
    select t.crew_id,
           extract(epoch from t.accepted_at - t.opened_at)::real as accepted,
           extract(epoch from least(t.localised_at, t.done_at) - t.opened_at)::real as localised
    from unnest($1::integer[], $2::integer[], $3::timestamptz[], $4::timestamptz[]) s (company_id, step, start, until)
    join categories k on k.company_id = s.company_id and k.class = 'emergency'
    join tickets t on t.category_id = k.id and t.company_id = s.company_id
        and t.opened_at >= s.start and t.opened_at < s.until and t.state <> 'cancelled'
), summed as (
    select crew_id, count(*) as emergencies, count(accepted) as accepted, count(localised) as localised,
           percentile_cont(array[0.5, 0.9]) within group (order by accepted) as accepted_s,
           percentile_cont(array[0.5, 0.9]) within group (order by localised) as localised_s
    from reactions group by crew_id
)
select case when cardinality(array(select distinct unnest($1::integer[]))) > 1 then concat_ws(', ', w.name, c.name)
            else coalesce(w.name, '') end as name,
       s.emergencies, s.accepted, s.localised, s.accepted_s, s.localised_s
from summed s
left join crews w on w.id = s.crew_id
left join companies c on c.id = w.company_id
order by s.emergencies desc, name

-- Paid works, except those that were cancelled.
-- name: paid
select s.step, sum(n.works)::bigint as works, sum(n.price) as price, sum(n.paid) as paid, sum(n.due) as due,
       sum(n.refunded) as refunded
from unnest($1::integer[], $2::integer[], $3::timestamptz[], $4::timestamptz[]) s (company_id, step, start, until)
cross join lateral (
    select count(*) as works,
           coalesce(sum(t.price), 0) as price,
           coalesce(sum(t.price) filter (where t.payment = 'paid'), 0) as paid,
           coalesce(sum(t.price) filter (where t.payment in ('none', 'due')), 0) as due,
           coalesce(sum(t.price) filter (where t.payment = 'refunded'), 0) as refunded
    from tickets t
    where t.company_id = s.company_id and t.opened_at >= s.start and t.opened_at < s.until and t.state <> 'cancelled'
      and (t.price > 0 or t.payment <> 'none' or t.category_id in (select id from categories where class = 'paid'))
) n
group by s.step

-- name: visits
select v.step, o.id, o.name, c.name as company, v.logins, v.views, v.last_at
from manager_visits($1, $2, $3, $4) v
join operators o on o.id = v.operator_id
join companies c on c.id = o.company_id
order by c.name, o.name, o.id, v.step

-- Reviews made in the period, by operator; `failed` got nothing for a critical line.
-- name: reviews
select coalesce(o.name, '') as name, count(*) as reviews, avg(v.score) as mean, min(v.score) as lowest,
       count(*) filter (where exists (
           select from review_lines p join score_lines l on l.id = p.line_id
           where p.review_id = v.id and l.critical and p.points = 0)) as failed
from unnest($1::integer[], $2::integer[], $3::timestamptz[], $4::timestamptz[]) s (company_id, step, start, until)
join score_cards k on k.company_id = s.company_id
join reviews v on v.card_id = k.id and v.replaced_at is null and v.made_at >= s.start and v.made_at < s.until
left join operators o on o.id = v.operator_id
group by o.id, o.name
order by mean nulls last, name

-- The same by line of the cards; lines of the same title are one.
-- name: review_lines
select l.title, count(*) as answers, avg(100.0 * p.points / l.points)::double precision as mean,
       count(*) filter (where p.points = 0) as nothing
from unnest($1::integer[], $2::integer[], $3::timestamptz[], $4::timestamptz[]) s (company_id, step, start, until)
join score_cards k on k.company_id = s.company_id
join reviews v on v.card_id = k.id and v.replaced_at is null and v.made_at >= s.start and v.made_at < s.until
join review_lines p on p.review_id = v.id and p.points is not null
join score_lines l on l.id = p.line_id
group by l.title
order by mean, l.title
