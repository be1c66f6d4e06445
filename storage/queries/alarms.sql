-- What is due: warnings before a limit and alarms at it.

-- Only one process notifies.
-- name: lead
select pg_try_advisory_lock(hashtext('alarms'))

-- The same that the journal's page shows, of all companies.
-- name: counts
select late, soon as due_soon from journal_counts(null, null)

-- The most urgent: what is due soonest, then what is late, the latest first.
-- name: next
select t.id as ticket, t.number, d.step, d.due_at, d.due_at <= now() as late, c.name as company,
       coalesce(nullif(concat_ws(', ', h.street, h.building), ''), '') as house
from ticket_deadlines d
join tickets t on t.id = d.ticket_id
join companies c on c.id = t.company_id
left join houses h on h.id = t.house_id
where d.met_at is null and d.held_at is null and d.warn_at <= now() and is_open(t.state)
order by d.due_at <= now(), abs(extract(epoch from d.due_at - now()))
limit $1

-- name: push
select push($1::jsonb)
