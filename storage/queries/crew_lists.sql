-- Links to everything that a crew has to do.

-- The list of the crew $1 that works now.
-- name: current
select list, expires_at from crew_lists where crew_id = $1 and ended_at is null and expires_at > now()
order by expires_at desc limit 1

-- name: end
update crew_lists set ended_at = now() where crew_id = $1 and ended_at is null

-- name: add
insert into crew_lists (list, token_hash, crew_id, made_by, expires_at) values ($1, $2, $3, $4, now() + $5::interval)

-- The crew behind a link.
-- name: crew
select w.id, w.name, w.language, c.name as company
from crew_lists l join crews w on w.id = l.crew_id join companies c on c.id = w.company_id
where l.token_hash = $1 and l.ended_at is null and l.expires_at > now() and w.active

-- What is to be done, what is due first before the rest; then what was done today.
-- name: tickets
select v.* from crew_tickets v join tickets t on t.id = v.ticket_id
where v.crew_id = $1 and is_open(v.state) and (v.state <> 'done' or t.done_at > now() - interval '18 hours')
order by v.state = 'done', v.due_at nulls last, v.opened_at limit 200

-- name: ticket
select v.*
from crew_lists l join crew_tickets v on v.crew_id = l.crew_id
where l.token_hash = $1 and l.ended_at is null and l.expires_at > now() and v.ticket_id = $2 and is_open(v.state)

-- The link of the ticket $1 to its crew that works now.
-- name: of_ticket
select assignment, expires_at from crew_links where ticket_id = $1 and ended_at is null and expires_at > now()
order by expires_at desc limit 1
