-- What a ticket's page offers beside the ticket: choices, calls, files.

-- name: categories
select id, code, class, name_ru, name_en from categories where company_id = $1 and (active or id = $2) order by id;

-- name: houses
select id, city || ', ' || street || ', ' || building as name from houses where company_id = $1
order by city, street, length(building), building limit 5000;

-- name: residents
select id, name from residents where premises_id = $1 order by name, id;

-- name: crews
select id, name from crews where company_id = $1 and active order by name;

-- name: responsibles
select r.id, r.name || coalesce(' — ' || w.name, '') as name
from responsibles r left join crews w on w.id = r.crew_id
where r.company_id = $1 and r.active order by r.name;

-- name: companies
select id, name, zone, language from companies where $1::integer is null or id = $1 order by name;

-- name: premises
select p.id from premises p join houses h on h.id = p.house_id
where p.house_id = $1 and h.company_id = $3 and lower(p.flat) = lower($2);

-- name: by_number
select id from tickets where company_id = $1 and number = $2;

-- name: calls
select c.id, c.arrived_at, c.answered_at, c.caller, c.state, c.outcome, c.talk_s, coalesce(o.name, '') as operator,
       coalesce(array_agg(r.id order by r.id) filter (
           where r.state in ('stored', 'verified', 'attached')), '{}') as recordings
from tickets t
join calls c on c.id = t.call_id or c.id in (select call_id from recordings where ticket_id = t.id)
    or c.id in (select call_id from joined_calls where ticket_id = t.id)
    or c.id in (select call_id from further_tickets where ticket_id = t.id)
left join recordings r on r.call_id = c.id
left join operators o on o.id = c.operator_id
where t.id = $1
group by c.id, o.name
order by c.arrived_at;

-- name: files
select id, ticket_id, name, media_type, size, object_key, added_at from ticket_files where ticket_id = $1 order by id;

-- name: file
select id, ticket_id, name, media_type, size, object_key, added_at from ticket_files where ticket_id = $1 and id = $2;

-- name: add_file
insert into ticket_files (ticket_id, name, media_type, size, sha256, object_key) values ($1, $2, $3, $4, $5, $6)
returning id, ticket_id, name, media_type, size, object_key, added_at;
