-- The tickets of a call: the one that it is about, further ones, and none.

-- The ticket that the call $1 is about, locked.
-- name: of_call
select t.id, t.company_id, t.number, t.state, t.parent_id, t.premises_id, t.house_id, t.resident_id, t.caller, t.category_id,
       t.subject, t.call_id, c.language, k.no_ticket
from tickets t join companies c on c.id = t.company_id left join call_cards k on k.call_id = $1
where t.id = ticket_of_call($1) for update of t;

-- The open ticket $1 of the company $2, locked.
-- name: open_one
select id, number from tickets where id = $1 and company_id = $2 and is_open(state) for update;

-- name: join
insert into joined_calls (call_id, ticket_id, operator_id) values ($1, $2, $3);

-- Recordings that were attached before go to the ticket that lives; the custody chain gets an entry of it. What is under a
-- legal hold stays where the hold is.
-- name: move_recordings
update recordings r set ticket_id = $2
where r.call_id = $1 and r.ticket_id = $3
  and not exists (select from legal_holds h where h.ticket_id = $3 and h.released_at is null);

-- The call of which there is no ticket.
-- name: caller_of
select company_id, caller from calls where id = $1;

-- name: adopt_recordings
update recordings set ticket_id = $2 where call_id = $1 and ticket_id is null and state = 'attached';

-- Calls of the last two weeks that may be about the ticket $1 and are not: from its telephones, and those of its flat.
-- name: attachable
select c.id, c.arrived_at, c.caller, c.outcome, coalesce(o.name, '') as operator, own.number
from tickets t
join calls c on c.company_id = t.company_id and c.arrived_at > now() - interval '14 days' and c.caller in (
    select t.caller where t.caller <> ''
    union select t.contact_phone where t.contact_phone <> ''
    union select p.phone from residents r join resident_phones p on p.resident_id = r.id where r.premises_id = t.premises_id)
left join operators o on o.id = c.operator_id
left join tickets own on own.id = ticket_of_call(c.id)
where t.id = $1 and c.id not in (select calls_of_ticket($1))
order by c.arrived_at desc limit 20;

-- name: called
insert into ticket_events (ticket_id, operator_id, kind, comment) values ($1, $2, 'called', $3);

-- Show the call's card again, wherever it is, with its ticket as it is now.
-- name: show_card
select push(messages) from (
    select jsonb_agg(fill_in(jsonb_build_object('audience', audience, 'kind', kind, 'body', body, 'ticket_of', $1::text))) as messages
    from screens where kind = 'card' and body ->> 'call' = $1) s
where messages is not null;

-- name: further
insert into further_tickets (ticket_id, call_id) values ($1, $2);

-- name: without
insert into call_cards (call_id, no_ticket, operator_id) values ($1, $2, $3)
on conflict (call_id) do update set no_ticket = excluded.no_ticket, operator_id = excluded.operator_id, settled_at = now();

-- The tickets of the call $1, its own first.
-- name: all
select t.id, t.number from (
    select ticket_of_call($1) as id, 0 as place
    union all select ticket_id, 1 from further_tickets where call_id = $1) of_call
join tickets t using (id) order by place, t.id;
