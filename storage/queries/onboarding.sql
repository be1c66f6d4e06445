-- How far the first start of a company is. $1 is the company.

-- name: companies
select id, name from companies order by id

-- name: facts
select c.id, c.name, c.language,
    coalesce((select array_agg(number order by number) from numbers where company_id = c.id), '{}') as numbers,
    (select count(*) from categories where company_id = c.id and active) as categories,
    coalesce((select array_agg(name order by name) from crews where company_id = c.id and active), '{}') as crews,
    (select count(*) from crews where company_id = c.id and active and coalesce(email, webhook_url, phone) is null) as unreachable,
    (select count(*) from houses where company_id = c.id) as houses
from companies c where c.id = $1

-- Those who have a telephone, with what they are doing. $1: the roles that take calls.
-- name: staff
select o.id, o.name, o.password_hash is not null as has_password,
    coalesce(s.body ->> 'state', 'offline') as state
from operators o left join screens s on s.audience = 'operator:' || o.id and s.kind = 'presence'
where o.active and o.endpoint is not null and o.role = any($1::text[])
order by s.body ->> 'state' = 'available' desc nulls last, has_password desc, o.name limit 12

-- name: telephone
select endpoint from operators where id = $1

-- The last call to the company, and its ticket.
-- name: last_call
select c.id, c.state, c.outcome, c.arrived_at, o.name as operator, t.id as ticket, t.number,
    coalesce(t.subject <> '' or t.category_id is not null, false) as filed
from calls c
left join operators o on o.id = c.operator_id
left join tickets t on t.call_id = c.id
where c.company_id = $1 and c.direction = 'in' and c.arrived_at > now() - interval '7 days'
order by c.arrived_at desc limit 1

-- A ticket of a call that somebody has filed.
-- name: first_filed
select t.id, t.number from tickets t
where t.company_id = $1 and t.call_id is not null and (t.subject <> '' or t.category_id is not null)
order by t.company_id, t.opened_at, t.id limit 1
