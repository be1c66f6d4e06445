-- Tickets: what a page shows of one, and each of its changes.
-- $1 is the ticket, $2 the one company to stay in or null, $3 the person of whose crew alone it must be, or null.

-- name: lock
select t.id from tickets t
where t.id = $1 and ($2::integer is null or t.company_id = $2)
  and ($3::integer is null or t.crew_id = (select crew_id from operators where id = $3))
for update;

-- name: ticket
select t.id, t.company_id, c.name as company, c.zone, c.language, t.number, t.version, t.state, t.call_id, t.caller,
       t.category_id, k.code as category, k.class as category_class, k.name_ru as category_ru, k.name_en as category_en,
       t.subject, t.description, t.contact_name, t.contact_phone, t.common_property,
       t.house_id, coalesce(h.city || ', ' || h.street || ', ' || h.building, '') as address,
       t.premises_id, coalesce(p.flat, '') as flat, p.entrance, t.resident_id, coalesce(r.name, '') as resident,
       t.access_at, t.access_reason, t.access_people, t.price, t.payment,
       t.crew_id, coalesce(w.name, '') as crew,
       t.responsible_id, coalesce(a.name, '') as responsible, coalesce(a.phone, '') as responsible_phone,
       t.planned_from, t.planned_until, t.opened_at, t.accepted_at, t.started_at, t.done_at, t.closed_at, t.updated_at,
       t.result, t.cancel_reason, t.parent_id, i.number as parent_number,
       t.source, t.crew_said, t.waiting_since, t.waited, t.limits_from, t.merged_into, g.number as merged_into_number,
       t.operator_id, coalesce(o.name, '') as operator
from tickets t
join companies c on c.id = t.company_id
left join categories k on k.id = t.category_id
left join houses h on h.id = t.house_id
left join premises p on p.id = t.premises_id
left join residents r on r.id = t.resident_id
left join crews w on w.id = t.crew_id
left join responsibles a on a.id = t.responsible_id
left join tickets i on i.id = t.parent_id
left join tickets g on g.id = t.merged_into
left join operators o on o.id = t.operator_id
where t.id = $1 and ($2::integer is null or t.company_id = $2)
  and ($3::integer is null or t.crew_id = (select crew_id from operators where id = $3));

-- name: deadlines
select step, due_at, warn_at, met_at, held_at from ticket_deadlines where ticket_id = $1 order by due_at, step;

-- name: events
select e.id, e.at, e.kind, coalesce(o.name, '') as who, coalesce(w.name, '') as crew, e.from_state, e.to_state,
       e.comment, e.changes
from ticket_events e
left join operators o on o.id = e.operator_id
left join crews w on w.id = e.crew_id
where e.ticket_id = $1
order by e.id;

-- name: labels
select 'category_id' as field, id::bigint, name_ru as ru, name_en as en from categories where id = any ($1::bigint[])
union all
select 'house_id', id, name, name
from houses, lateral (select city || ', ' || street || ', ' || building as name) n where id = any ($2::bigint[])
union all
select 'premises_id', id, flat, flat from premises where id = any ($3::bigint[])
union all
select 'resident_id', id, name, name from residents where id = any ($4::bigint[])
union all
select 'responsible_id', id, name, name from responsibles where id = any ($5::bigint[])
union all
select 'crew_id', id, name, name from crews where id = any ($6::bigint[])
union all
select 'parent_id', id, number::text, number::text from tickets where id = any ($7::bigint[]);

-- name: next_number
update companies set last_ticket_number = last_ticket_number + 1 where id = $1 returning last_ticket_number;

-- name: open
insert into tickets (company_id, number, caller, operator_id, source, opened_at) values ($1, $2, $3, $4, $5, now())
returning id;

-- $10 is what the crew says with it; whatever a person does means that the crew was heard.
-- name: event
with said as (
    update tickets set crew_said = $10, crew_said_at = case when $10 is not null then now() end
    where id = $1 and ($2::integer is not null or $10::text is not null) and (crew_said is not null or $10 is not null)
)
insert into ticket_events (ticket_id, operator_id, crew_id, kind, from_state, to_state, comment, changes, version)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: since
select changes, from_state, to_state from ticket_events where ticket_id = $1 and version > $2 order by id;

-- name: notify
select pg_notify('tickets', json_build_object('ticket', $1::bigint, 'company', $2::integer)::text);

-- Of the category $1; without one, of the company $2.
-- name: limits
select step, minutes, warn_before, opens, closes from limits where category_id = $1
union all
select step, minutes, warn_before, null, null from default_limits where $1::integer is null and company_id = $2;

-- Of what the resident was told before there was a limit for it the time is known.
-- name: due
insert into ticket_deadlines (ticket_id, step, due_at, warn_at, met_at)
values ($1, $2, $3, $4,
        case when $2 = 'tell' then (select min(at) from ticket_events where ticket_id = $1 and kind = 'told') end)
on conflict (ticket_id, step) do update set due_at = excluded.due_at, warn_at = excluded.warn_at;

-- name: due_no_more
delete from ticket_deadlines where ticket_id = $1 and step <> all ($2::text[]) and (met_at is null or not $3);

-- name: met
update ticket_deadlines set met_at = now() where ticket_id = $1 and step = any ($2::text[]) and met_at is null;

-- Whether the resident was told, by an operator or by the robot.
-- name: told
select exists (select from ticket_events where ticket_id = $1 and kind = 'told')
    or exists (select from ticket_deadlines where ticket_id = $1 and step = 'tell' and met_at is not null);

-- name: due_again
update ticket_deadlines set met_at = null where ticket_id = $1 and step = any ($2::text[]);

-- What the resident is told is due all the same.
-- name: hold
with begun as (
    update tickets set waiting_since = now() where id = $1 and waiting_since is null returning id
)
update ticket_deadlines d set held_at = now() from begun
where d.ticket_id = begun.id and d.step <> 'tell' and d.met_at is null and d.due_at > now();

-- name: resume
with over as (
    select id, now() - waiting_since as lasted from tickets where id = $1 and waiting_since is not null for update
), resumed as (
    update tickets t set waiting_since = null, waited = t.waited + o.lasted from over o where t.id = o.id
)
update ticket_deadlines d
set due_at = d.due_at + (now() - d.held_at), warn_at = d.warn_at + (now() - d.held_at), held_at = null
from over o where d.ticket_id = o.id and d.held_at is not null;

-- name: waits
select waiting_since is not null from tickets where id = $1;

-- Of a ticket that was none, or is another, nothing is due.
-- name: due_nothing
delete from ticket_deadlines where ticket_id = $1;

-- name: heard
update tickets set crew_said = null, crew_said_at = null where id = $1 and crew_said is not null;

-- name: touch
update tickets set updated_at = now() where id = $1;

-- name: category_of
select active from categories where id = $1 and company_id = $2;

-- name: house_of
select id from houses where id = $1 and company_id = $2;

-- name: premises_of
select p.house_id from premises p join houses h on h.id = p.house_id where p.id = $1 and h.company_id = $2;

-- name: resident_of
select r.premises_id from residents r
join premises p on p.id = r.premises_id join houses h on h.id = p.house_id
where r.id = $1 and h.company_id = $2;

-- name: responsible_of
select crew_id from responsibles where id = $1 and company_id = $2 and active;

-- name: crew_of
select id from crews where id = $1 and company_id = $2 and active;

-- name: lock_parents
select pg_advisory_xact_lock(hashtext('ticket parents'), $1);

-- name: parent_of
select parent_id is null and id <> $3 and not exists (select from tickets where parent_id = $3) as possible
from tickets where id = $1 and company_id = $2;
