-- What the public may know of outages. Nothing here names a person, a flat, a ticket, or what operators wrote for each other.

-- name: companies
select id, outage_page as page, name, zone, language from companies where outage_page is not null;

-- Planned works are shown a month ahead, and no longer than they last.
-- name: current
select o.id, o.company_id, o.kind, o.planned, o.state, o.since, o.until, o.cause, o.message, k.name_ru, k.name_en
from outages o
join companies c on c.id = o.company_id and c.outage_page is not null
join outage_kinds k on k.code = o.kind
where o.state in ('confirmed', 'repairing', 'restored', 'checked')
  and (not o.planned or (o.since < now() + interval '31 days' and (o.until is null or o.until > now())))
order by o.since, o.id;

-- name: one
select o.id, o.company_id, o.kind, o.planned, o.state, o.since, o.until, o.cause, o.message, k.name_ru, k.name_en,
       c.name as company, c.zone, c.outage_page as page
from outages o
join companies c on c.id = o.company_id
join outage_kinds k on k.code = o.kind
where o.id = $1;

-- name: places
select p.outage_id, p.house_id, p.entrances, p.flats, p.riser, h.city, h.street, h.building
from outage_places p join houses h on h.id = p.house_id
where p.outage_id = any ($1::integer[]) order by h.street, h.building, p.house_id;

-- name: houses
select company_id, id, concat_ws(', ', nullif(city, ''), street, building) as address from houses
where company_id = any ($1::integer[]);
