-- A call that an operator takes to be about an outage.

-- The ticket that the call is about. `who`: as `outage_numbers.caller` has it.
-- name: ticket
select t.id, t.company_id, t.number, t.state, t.parent_id, t.premises_id, t.caller, t.category_id, t.subject,
       coalesce(nullif(t.caller, ''), $1) as who
from tickets t where t.id = ticket_of_call($1) for update;

-- The number that the flat, or else the telephone, has in the outage.
-- name: number
select number, ticket_id from outage_numbers
where outage_id = $1 and (premises_id = $2 or ($2 is null and caller = $3)) for update;

-- Open the ticket of a number that has none yet, for the call $3 of the caller $4.
-- name: open
with opened as (
    select open_outage_ticket(
        jsonb_populate_record(null::announcements, jsonb_build_object(
            'call_id', $3::text, 'outage_id', $1::integer, 'number', $2::integer, 'began_at', now(), 'caller', $4::text)),
        n) as ticket_id
    from outage_numbers n where n.outage_id = $1 and n.number = $2
)
update outage_numbers n set ticket_id = o.ticket_id from opened o
where n.outage_id = $1 and n.number = $2 returning n.ticket_id;

-- name: join
insert into joined_calls (call_id, ticket_id, operator_id) values ($1, $2, $3);

-- Recordings that were attached before go to the ticket that lives; the custody chain gets an entry of it. What is under a
-- legal hold stays where the hold is.
-- name: move_recordings
update recordings r set ticket_id = $2
where r.call_id = $1 and r.ticket_id = $3
  and not exists (select from legal_holds h where h.ticket_id = $3 and h.released_at is null);

-- name: called
insert into ticket_events (ticket_id, operator_id, kind, comment) values ($1, $2, 'called', $3);

-- Show the call's card again, wherever it is, with its ticket as it is now.
-- name: show_card
select push(messages) from (
    select jsonb_agg(fill_in(jsonb_build_object('audience', audience, 'kind', kind, 'body', body, 'ticket_of', $1::text))) as messages
    from screens where kind = 'card' and body ->> 'call' = $1) s
where messages is not null;
