-- What happened in a house, a flat or with a resident: the newest tickets and calls. $1: the house; $2: the flat, or null
-- for the whole house; $3: the resident, or null for everybody there; $4: how many.

-- name: tickets
select t.id, t.number, t.state, t.opened_at, t.subject, coalesce(p.flat, '') as flat, k.name_ru, k.name_en, c.zone
from tickets t
join companies c on c.id = t.company_id
left join premises p on p.id = t.premises_id
left join categories k on k.id = t.category_id
where t.house_id = $1 and ($2::integer is null or t.premises_id = $2) and ($3::integer is null or t.resident_id = $3)
  and t.merged_into is null
order by t.opened_at desc, t.id desc limit $4

-- By the tickets there, by what operators said of the caller, and by the telephones of the flat or the resident. Those of a
-- whole house are found by its tickets alone.
-- name: calls
with of_tickets as (
    select t.id, t.call_id from tickets t
    where t.house_id = $1 and ($2::integer is null or t.premises_id = $2) and ($3::integer is null or t.resident_id = $3)
    order by t.opened_at desc, t.id desc limit 200
), about as (
    select call_id as id from of_tickets
    union select j.call_id from of_tickets t join joined_calls j on j.ticket_id = t.id
    union select k.call_id from call_cards k
    where k.house_id = $1 and ($2::integer is null or k.premises_id = $2) and ($3::integer is null or k.resident_id = $3)
    union (
        select c.id from residents r
        join resident_phones n on n.resident_id = r.id
        cross join lateral (select id from calls where caller = n.phone order by arrived_at desc limit $4) c
        where r.premises_id = $2 and ($3::integer is null or r.id = $3))
)
select c.id, c.arrived_at, c.caller, c.outcome, coalesce(o.name, '') as operator, t.id as ticket, t.number,
       coalesce(m.zone, 'Europe/Moscow') as zone
from about join calls c using (id)
left join companies m on m.id = c.company_id
left join operators o on o.id = c.operator_id
left join tickets t on t.id = ticket_of_call(c.id)
order by c.arrived_at desc limit $4
