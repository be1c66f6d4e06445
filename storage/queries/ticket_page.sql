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

-- The resident $1, the flat $2 or the house $3, as the fields of a form.
-- name: place
select h.company_id, h.id::text as house_id, coalesce(p.flat, '') as flat, coalesce(r.id::text, '') as resident_id,
       coalesce(r.name, '') as contact_name,
       coalesce((select min(phone) from resident_phones where resident_id = r.id), '') as contact_phone
from houses h
left join premises p on p.house_id = h.id and p.id = coalesce((select premises_id from residents where id = $1), $2)
left join residents r on r.premises_id = p.id and r.id = $1
where h.company_id is not null
  and case when $1::integer is not null then r.id is not null when $2::integer is not null then p.id is not null
      else h.id = $3::integer end;

-- name: by_number
select id from tickets where company_id = $1 and number = $2;

-- name: calls
select c.id, c.arrived_at, c.answered_at, c.caller, c.state, c.outcome, c.talk_s, coalesce(o.name, '') as operator,
       coalesce(array_agg(r.id order by r.id) filter (
           where r.state in ('stored', 'verified', 'attached')), '{}') as recordings
from tickets t
join calls c on c.id in (select calls_of_ticket(t.id))
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
