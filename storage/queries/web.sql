-- What the pages show.

-- The last calls. As a parameter the number of them would make the planner reckon with a tenth of all.
-- name: calls
select c.id, c.arrived_at, c.caller, c.did, c.state, c.outcome, c.wait_s, c.talk_s, c.rebuilt,
       co.name as company, coalesce(co.zone, 'Europe/Moscow') as zone,
       o.name as operator, t.number as ticket, r.name as resident,
       concat_ws(', ', nullif(h.city, ''), h.street, h.building) as address, p.flat,
       rec.id as recording
from (select * from calls order by arrived_at desc limit 50) c
left join companies co on co.id = c.company_id
left join operators o on o.id = c.operator_id
left join tickets t on t.id = ticket_of_call(c.id)
left join residents r on r.id = c.resident_id
left join premises p on p.id = coalesce(t.premises_id, r.premises_id)
left join houses h on h.id = coalesce(t.house_id, p.house_id)
left join lateral (
    select id from recordings
    where call_id = c.id and state in ('stored', 'verified', 'attached')
    order by id desc
    limit 1
) rec on true
order by c.arrived_at desc

-- Companies' numbers, which are also the names of the queues.
-- name: lines
select n.number, c.id as company_id, c.name as company, c.zone from numbers n join companies c on c.id = n.company_id

-- name: outage_kinds
select code, name_ru, name_en from outage_kinds order by place

-- name: operators
select id, login, name, endpoint from operators where role = 'operator' order by name

-- name: alive
select 1
