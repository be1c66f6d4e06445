-- needs: outages
-- The calls about a ticket: the one that opened it, those that joined it, and those that are about something else as well.
create or replace function calls_of_ticket(ticket bigint) returns setof text language sql stable as $$
    select call_id from tickets where id = ticket and call_id is not null
    union select call_id from recordings where ticket_id = ticket and call_id is not null
    union select call_id from joined_calls where ticket_id = ticket
    union select call_id from further_tickets where ticket_id = ticket
$$;

-- The recordings of a ticket. That of a call about two things is one of both; it is attached to the call's first ticket.
create or replace function recordings_of_ticket(ticket bigint) returns setof bigint language sql stable as $$
    select id from recordings where ticket_id = ticket
    union select r.id from further_tickets f join recordings r on r.call_id = f.call_id where f.ticket_id = ticket
    union select r.id from recordings r
    where r.ticket_id is null and r.call_id in (select calls_of_ticket(ticket)) and ticket_of_call(r.call_id) = ticket
$$;

-- Whether a ticket of the recording is under a legal hold.
create or replace function is_held(r recordings) returns boolean language sql stable as $$
    select exists (
        select from legal_holds h where h.released_at is null and (
            h.ticket_id = r.ticket_id or h.ticket_id in (select f.ticket_id from further_tickets f where f.call_id = r.call_id)))
$$;
