-- What crews said and nobody at the desk has seen.

-- Only one process notifies.
-- name: lead
select pg_try_advisory_lock(hashtext('crew answers'))

-- name: count
select count(*) from tickets where crew_said is not null

-- name: newest
select t.id as ticket, t.number, t.crew_said as said, t.crew_said_at as at, c.name as company,
       coalesce(w.name, (select k.name from ticket_events e join crews k on k.id = e.crew_id
                         where e.ticket_id = t.id order by e.id desc limit 1), '') as crew,
       coalesce(concat_ws(', ', h.street, h.building), '') as house
from tickets t
join companies c on c.id = t.company_id
left join crews w on w.id = t.crew_id
left join houses h on h.id = t.house_id
where t.crew_said is not null
order by t.crew_said_at desc limit $1

-- name: push
select push($1::jsonb)
