-- A call that an operator takes to be about an outage.

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
