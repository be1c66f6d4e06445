-- What programs read. $1 is the one company to stay in, or null. Lists that end without a condition get theirs as asked.

-- name: companies
select id, name, zone, language, city_code from companies where ($1::integer is null or id = $1) order by id

-- name: categories
select id, company_id, code, class, name_ru, name_en, active
from categories
where ($1::integer is null or company_id = $1) and ($2::integer is null or company_id = $2)
order by company_id, id

-- name: crews
select id, company_id, name, active
from crews
where ($1::integer is null or company_id = $1) and ($2::integer is null or company_id = $2)
order by company_id, id

-- name: houses
select id, company_id, city, street, building, entrances
from houses
where id > $3 and ($1::integer is null or company_id = $1) and ($2::integer is null or company_id = $2)
order by id
limit $4

-- name: house
select id, company_id, city, street, building, entrances
from houses
where id = $2 and ($1::integer is null or company_id = $1)

-- name: premises
select p.id, p.house_id, p.flat, p.entrance
from premises p
join houses h on h.id = p.house_id
where p.house_id = $2 and p.id > $3 and ($1::integer is null or h.company_id = $1)
order by p.id
limit $4

-- name: opened_at
select opened_at from tickets where id = $2 and ($1::integer is null or company_id = $1)

-- name: page_of_tickets
select t.id, t.company_id, t.number, t.version, t.state, k.code as category, k.class as category_class, t.category_id,
       t.subject, t.house_id, t.premises_id, t.crew_id, t.responsible_id, t.contact_name, t.contact_phone, t.caller,
       t.opened_at, t.updated_at, t.closed_at
from journal_page($2, $3, $4, $5) with ordinality as found (id, place)
join tickets t on t.id = found.id
left join categories k on k.id = t.category_id
where ($1::integer is null or t.company_id = $1)
order by found.place

-- name: calls
select c.id, c.direction, c.company_id, c.did, c.caller, c.state, c.outcome, c.ended_by, c.arrived_at, c.answered_at, c.ended_at,
       c.wait_s, c.talk_s, t.id as ticket_id
from calls c
left join tickets t on t.id = ticket_of_call(c.id)

-- name: arrived_at
select arrived_at from calls where id = $2 and ($1::integer is null or company_id = $1)

-- name: call
select c.id, c.direction, c.company_id, c.did, c.caller, c.state, c.outcome, c.ended_by, c.arrived_at, c.answered_at, c.ended_at,
       c.wait_s, c.talk_s, t.id as ticket_id
from calls c
left join tickets t on t.id = ticket_of_call(c.id)
where c.id = $2 and ($1::integer is null or c.company_id = $1)

-- name: recordings
select r.id, r.call_id, r.ticket_id, r.state, encode(r.sha256, 'hex') as sha256, r.size, r.duration_s, r.recorded_at,
       r.defect
from recordings r
left join calls c on c.id = r.call_id
left join tickets t on t.id = r.ticket_id

-- name: recording
select r.id, r.call_id, r.ticket_id, r.state, encode(r.sha256, 'hex') as sha256, r.size, r.duration_s, r.recorded_at,
       r.defect
from recordings r
left join calls c on c.id = r.call_id
left join tickets t on t.id = r.ticket_id
where r.id = $2 and ($1::integer is null or coalesce(t.company_id, c.company_id) = $1)

-- name: deliveries
select d.id, d.ticket_id, d.crew_id, d.way, d.state, d.attempts, d.problem, d.created_at, d.delivered_at
from deliveries d
join tickets t on t.id = d.ticket_id

-- name: delivery
select d.id, d.ticket_id, d.crew_id, d.way, d.state, d.attempts, d.problem, d.created_at, d.delivered_at
from deliveries d
join tickets t on t.id = d.ticket_id
where d.id = $2 and ($1::integer is null or t.company_id = $1)

-- name: outages
select o.id, o.company_id, o.version, o.state, o.kind, o.planned, o.cause, o.since, o.until, o.incident_id, o.opened_at
from outages o

-- name: outage_kinds
select code, name_ru, name_en from outage_kinds order by place
