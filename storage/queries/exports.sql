-- Long exports: what was ordered, its progress, its file.

-- name: being_made
select count(*) from exports where operator_id = $1 and state in ('waiting', 'running')

-- name: add
insert into exports (operator_id, company_id, first_day, last_day, format, language)
values ($1, $2, $3, $4, $5, $6) returning id

-- $2: the one company to stay in, or null.
-- name: of_person
select e.id, e.company_id, c.name as company, e.first_day, e.last_day, e.format, e.state, e.written, e.expected, e.size,
       e.asked_at, e.expires_at
from exports e
left join companies c on c.id = e.company_id
where e.operator_id = $1 and ($2::integer is null or e.company_id = $2) and (e.expires_at is null or e.expires_at > now())
order by e.id desc
limit 30

-- name: file
select id, company_id, first_day, last_day, format, object_key, size from exports
where id = $1 and operator_id = $2 and ($3::integer is null or company_id = $3) and state = 'ready' and expires_at > now()

-- name: owed
select id::text from exports where state in ('waiting', 'running') order by id

-- name: begin
update exports set state = 'running', attempts = attempts + 1, written = 0, expected = null
where id = $1 and state in ('waiting', 'running')
returning id, company_id, first_day, last_day, format, language, attempts

-- name: expect
update exports set expected = $2 where id = $1

-- name: progress
update exports set written = $2 where id = $1

-- name: ready
update exports set state = 'ready', written = $2, expected = $2, object_key = $3, size = $4, ready_at = now(),
    expires_at = now() + $5::interval
where id = $1 and state = 'running'

-- name: fail
update exports set state = 'failed', expires_at = now() + $2::interval where id = $1 and state = 'running'

-- name: expired
select id, object_key from exports where expires_at <= now() order by id limit 100

-- name: forget
delete from exports where id = $1

-- name: companies
select id, name, zone from companies where $1::integer is null or id = $1 order by name

-- name: count
select count(*) from tickets where company_id = $1 and opened_at >= $2 and opened_at < $3

-- name: journal
select c.name as company, t.number, t.opened_at, t.state, k.class as kind,
       case $4 when 'ru' then k.name_ru else k.name_en end as category, t.subject, t.description,
       concat_ws(', ', h.city, h.street, h.building) as address, p.flat, p.entrance, t.common_property,
       t.caller, r.name as resident, r.account, t.contact_name, t.contact_phone,
       t.access_at, t.access_reason, t.access_people, t.price, t.payment,
       o.name as operator, w.name as crew, a.name as responsible, t.planned_from, t.planned_until,
       t.accepted_at, t.localised_at, t.started_at, t.done_at, t.closed_at, t.late_from,
       t.result, t.cancel_reason, i.number as parent, t.call_id as call,
       (select count(*) from recordings s where s.ticket_id = t.id) as recordings,
       (select count(*) from ticket_files f where f.ticket_id = t.id) as files
from tickets t
join companies c on c.id = t.company_id
left join categories k on k.id = t.category_id
left join houses h on h.id = t.house_id
left join premises p on p.id = t.premises_id
left join residents r on r.id = t.resident_id
left join operators o on o.id = t.operator_id
left join crews w on w.id = t.crew_id
left join responsibles a on a.id = t.responsible_id
left join tickets i on i.id = t.parent_id
where t.company_id = $1 and t.opened_at >= $2 and t.opened_at < $3
order by t.opened_at, t.id
