-- The journal: a page of it, and what it can be filtered by.

-- $1 the filter, $2 how many rows, from the ticket opened at $3 with the id $4 on. `below`: of an incident, how many
-- tickets it has in each state, only those of the crew $5 unless it is null.
-- name: page
select t.id, t.number, t.state, t.opened_at, t.subject, t.payment, t.common_property, t.planned_from, t.planned_until,
       co.name as company, co.zone, k.class, k.name_ru as category_ru, k.name_en as category_en,
       concat_ws(', ', h.city, h.street, h.building) as address, p.flat,
       coalesce(nullif(t.contact_name, ''), r.name, '') as name,
       coalesce(nullif(t.contact_phone, ''), t.caller) as phone,
       w.name as crew, o.name as operator, d.due_at, d.warn_at, d.step, t.waiting_since, t.crew_said, b.below
from journal_page($1, $2, $3, $4) with ordinality as page (id, place)
join tickets t on t.id = page.id
join companies co on co.id = t.company_id
left join categories k on k.id = t.category_id
left join houses h on h.id = t.house_id
left join premises p on p.id = t.premises_id
left join residents r on r.id = t.resident_id
left join crews w on w.id = t.crew_id
left join operators o on o.id = t.operator_id
left join lateral (
    select due_at, warn_at, step from ticket_deadlines
    where ticket_id = t.id and met_at is null and held_at is null and is_open(t.state)
    order by due_at
    limit 1
) d on true
left join lateral (
    select jsonb_object_agg(state, tickets) as below from (
        select state, count(*) as tickets from tickets c
        where c.parent_id = t.id and ($5::integer is null or c.crew_id = $5) group by state) by_state
) b on true
order by page.place

-- The tickets below the incident $1, from the number $2 on, $3 at most; only those of the crew $4 unless it is null.
-- name: below
select t.id, t.number, t.state, t.subject, t.opened_at, co.zone, coalesce(h.street || ', ' || h.building, '') as address,
       coalesce(p.flat, '') as flat, coalesce(nullif(t.contact_name, ''), r.name, '') as name,
       coalesce(nullif(t.contact_phone, ''), t.caller) as phone
from tickets t
join companies co on co.id = t.company_id
left join houses h on h.id = t.house_id
left join premises p on p.id = t.premises_id
left join residents r on r.id = t.resident_id
where t.parent_id = $1 and t.number >= $2 and ($4::integer is null or t.crew_id = $4)
order by t.number limit $3

-- name: below_by_state
select state, count(*) as tickets from tickets where parent_id = $1 and ($2::integer is null or crew_id = $2) group by state

-- name: counts
select late, soon from journal_counts($1, $2)

-- What can be chosen by somebody of the company $1 (of all when null) who is $2, with the company $3 chosen, if any.
-- name: choices
select (select coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name, 'zone', zone) order by name), '[]')
        from companies where $1::integer is null or id = $1) as companies,
       (select coalesce(jsonb_agg(jsonb_build_object('id', id, 'ru', name_ru, 'en', name_en) order by id), '[]')
        from categories where company_id = $3) as categories,
       (select coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'name', w.name, 'company', c.name)
                                  order by c.name, w.name), '[]')
        from crews w join companies c on c.id = w.company_id where $3::integer is null or c.id = $3) as crews,
       (select coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name) order by name), '[]')
        from operators where role in ('operator', 'supervisor', 'administrator')) as operators,
       (select coalesce(jsonb_agg(jsonb_build_object('name', name, 'query', query) order by name), '[]')
        from saved_filters where operator_id = $2) as saved

-- name: categories_of_class
select id from categories where class = $2 and ($1::integer is null or company_id = $1)

-- name: crew_of
select crew_id from operators where id = $1

-- name: save_filter
insert into saved_filters (operator_id, name, query)
select $1, $2, $3
where (select count(*) from saved_filters where operator_id = $1 and name <> $2) < $4
on conflict (operator_id, name) do update set query = excluded.query
returning name

-- name: forget_filter
delete from saved_filters where operator_id = $1 and name = $2
