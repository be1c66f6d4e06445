-- Whose telephones and tickets are which flat's, in an outage.

-- The outage of which $1 or $2 is the incident.
-- name: of_incident
select id from outages where incident_id in ($1, $2) order by id desc limit 1;

-- What was heard with the ticket $1, oldest first.
-- name: heard
select began_at, ended_at, whole, declined, number, caller from announcements where ticket_id = $1
order by began_at, number limit 100;

-- Open tickets of the outage $1 of which nobody knows the flat; only $2 if it is given.
-- name: without_flat
select t.id, t.number, t.opened_at, n.caller
from outage_numbers n join tickets t on t.id = n.ticket_id
where n.outage_id = $1 and n.premises_id is null and t.premises_id is null and is_open(t.state)
  and ($2::bigint is null or t.id = $2)
order by t.number limit 1000;

-- Telephones of which a caller keyed in a flat of the outage $1, and nobody has decided; only $2, or of the flat $3, if
-- they are given.
-- name: candidates
select c.phone, c.premises_id, c.heard_at, concat_ws(', ', h.street, h.building) as address, p.flat,
       (select coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'name', r.name) order by r.name, r.id), '[]')
        from residents r where r.premises_id = p.id) as residents
from phone_candidates c
join premises p on p.id = c.premises_id
join houses h on h.id = p.house_id
join outage_numbers n on n.outage_id = $1 and n.premises_id = c.premises_id
where c.confirmed is null and (($2::text is null and $3::integer is null) or c.phone = $2 or c.premises_id = $3)
order by c.heard_at, c.phone limit 500;

-- name: decide
update phone_candidates set confirmed = $4, decided_by = $5, decided_at = now()
where phone = $2 and premises_id = $3 and confirmed is null
  and exists (select from outage_numbers n where n.outage_id = $1 and n.premises_id = $3)
returning call_id;

-- A person says whose telephone $1 is, whatever a caller keyed in.
-- name: say
insert into phone_candidates (phone, premises_id, call_id, confirmed, decided_by, decided_at)
values ($1, $2, '', true, $3, now())
on conflict (phone, premises_id) do update
    set confirmed = true, decided_by = excluded.decided_by, decided_at = excluded.decided_at;

-- name: flat
select p.id, p.house_id, p.flat, c.language, c.id as company_id
from premises p join houses h on h.id = p.house_id join companies c on c.id = h.company_id
where p.id = $1;

-- The flat $3 of the house $2, if the outage $1 keeps a number for it.
-- name: flat_named
select p.id from premises p join outage_numbers n on n.premises_id = p.id
where n.outage_id = $1 and p.house_id = $2 and lower(p.flat) = lower($3);

-- name: resident
select id from residents where premises_id = $1 and ($2::integer is null or id = $2) order by id limit 1;

-- name: add_resident
insert into residents (premises_id, name) values ($1, $2) returning id;

-- name: give_phone
insert into resident_phones (phone, resident_id) values ($1, $2) on conflict do nothing;

-- Tickets of the telephone $1 without a flat, in outages that are not over and keep a number for the flat $2.
-- name: to_settle
select o.id as outage_id, o.company_id, n.number, n.ticket_id
from outages o
join outage_numbers n on n.outage_id = o.id and n.caller = $1 and n.premises_id is null and n.ticket_id is not null
where o.finished_at is null
  and exists (select from outage_numbers f where f.outage_id = o.id and f.premises_id = $2)
order by o.id;

-- name: lock_number
select number, ticket_id, caller from outage_numbers
where outage_id = $1 and (ticket_id = $2 and premises_id is null or premises_id = $3)
order by premises_id nulls first for update;

-- name: forget_number
delete from outage_numbers where outage_id = $1 and number = $2;

-- name: now_of_flat
update outage_numbers set premises_id = $3, instead_of = $4 where outage_id = $1 and number = $2;

-- name: now_of_ticket
update outage_numbers set ticket_id = $3 where outage_id = $1 and number = $2;
