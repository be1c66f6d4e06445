-- The ticket $1 is the same as the ticket $2: what hangs on it goes there. $3 is who says so.

-- name: cannot_merge
select exists (select from legal_holds where ticket_id = $1 and released_at is null) as held,
       exists (select from outages where incident_id = $1) as incident,
       exists (select from tickets where parent_id = $1) as has_parts

-- Calls that were about the one are about the other; their ids.
-- name: move_calls
insert into joined_calls (call_id, ticket_id, operator_id)
select call_id, $2, $3 from calls_of_ticket($1) as about (call_id) where ticket_of_call(call_id) = $1
on conflict (call_id) do update set
    ticket_id = excluded.ticket_id, operator_id = excluded.operator_id, joined_at = now()
returning call_id

-- name: move_further
with moved as (delete from further_tickets where ticket_id = $1 returning call_id)
insert into further_tickets (ticket_id, call_id) select $2, call_id from moved on conflict do nothing

-- A call is about a ticket once.
-- name: forget_double
delete from further_tickets where ticket_id = $1 and ticket_of_call(call_id) = $1

-- name: move_recordings
update recordings set ticket_id = $2 where ticket_id = $1

-- name: move_files
update ticket_files set ticket_id = $2 where ticket_id = $1

-- What callers were told of an outage, and the numbers that they were told.
-- name: move_announcements
update announcements set ticket_id = $2 where ticket_id = $1

-- name: move_outage_numbers
update outage_numbers set ticket_id = $2 where ticket_id = $1

-- name: move_planned_calls
update planned_calls set ticket_id = $2 where ticket_id = $1

-- name: move_parts
with moved as (
    update tickets set parent_id = $2, version = version + 1, updated_at = now() where parent_id = $1 returning id, version
)
insert into ticket_events (ticket_id, operator_id, kind, changes, version)
select id, $3, 'linked', jsonb_build_object('parent_id', jsonb_build_array($1::bigint, $2::bigint)), version from moved

-- Whoever complained first has the limits counted from then.
-- name: keep_earlier
update tickets t set limits_from = least(t.limits_from, t.opened_at, o.limits_from, o.opened_at)
from tickets o where t.id = $2 and o.id = $1

-- name: met_already
update ticket_deadlines d set met_at = o.met_at from ticket_deadlines o
where d.ticket_id = $2 and d.met_at is null and o.ticket_id = $1 and o.step = d.step and o.met_at is not null

-- name: forget_drafts
delete from filing_drafts where ticket_id = $1

-- name: merged
update tickets set merged_into = $2 where id = $1

-- The tickets that became part of the ticket $1.
-- name: parts
select id, number, opened_at from tickets where merged_into = $1 order by id
