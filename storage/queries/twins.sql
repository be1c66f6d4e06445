-- Rows of the directory that may be one, and their merging (storage/functions/twins.sql).

-- name: houses
select h.id, h.city, h.street, h.building, h.town_key, h.street_key, h.building_key, h.loose_key, c.name as company
from houses h left join companies c on c.id = h.company_id
where h.building_key is not null order by h.id

-- name: flats
-- Flats of one house that are written differently.
select a.id, a.flat, b.id as other_id, b.flat as other, h.city, h.street, h.building
from premises a
join premises b on b.house_id = a.house_id and b.flat_key = a.flat_key and b.id > a.id
join houses h on h.id = a.house_id
order by h.city, h.street, h.building, a.id, b.id limit $1

-- name: residents
-- Residents of one flat whose names begin alike: with the same surname, or the same letters of it.
select a.id, a.name, b.id as other_id, b.name as other, h.city, h.street, h.building, p.flat
from residents a
join residents b on b.premises_id = a.premises_id and b.id > a.id
    and left(lower(translate(a.name, 'ёЁ', 'еЕ')), 3) = left(lower(translate(b.name, 'ёЁ', 'еЕ')), 3)
join premises p on p.id = a.premises_id
join houses h on h.id = p.house_id
order by h.city, h.street, h.building, p.id, a.id, b.id limit $1

-- name: house
select h.id, h.city || ', ' || h.street || ', ' || h.building as title, '' as place, c.name as company, h.key, null as account,
    (select count(*) from premises where house_id = h.id) as flats,
    (select count(*) from residents r join premises p on p.id = r.premises_id where p.house_id = h.id) as residents,
    (select count(*) from tickets where house_id = h.id) as tickets, null::bigint as calls,
    null::text[] as phones, null as house_id, null as premises_id
from houses h left join companies c on c.id = h.company_id where h.id = $1

-- name: premises
select p.id, p.flat as title, h.city || ', ' || h.street || ', ' || h.building as place, null as company, null as key,
    null as account, null::bigint as flats,
    (select count(*) from residents where premises_id = p.id) as residents,
    (select count(*) from tickets where premises_id = p.id) as tickets, null::bigint as calls,
    null::text[] as phones, p.house_id, null as premises_id
from premises p join houses h on h.id = p.house_id where p.id = $1

-- name: resident
select r.id, r.name as title, h.city || ', ' || h.street || ', ' || h.building || ', ' || p.flat as place, null as company,
    null as key, r.account, null::bigint as flats, null::bigint as residents,
    (select count(*) from tickets where resident_id = r.id) as tickets,
    (select count(*) from calls where resident_id = r.id) as calls,
    (select array_agg(phone order by phone) from resident_phones where resident_id = r.id) as phones,
    null as house_id, r.premises_id
from residents r join premises p on p.id = r.premises_id join houses h on h.id = p.house_id where r.id = $1

-- name: outages_now
-- Whether something is off, or planned, in one of these houses.
select exists (select from outage_places s join outages o on o.id = s.outage_id
    where s.house_id = any($1::integer[]) and o.finished_at is null)

-- name: houses_of_premises
select distinct house_id from premises where id = any($1::integer[])

-- name: merge_house
select merge_houses($1, $2)

-- name: merge_premises
select merge_premises($1, $2)

-- name: merge_resident
select merge_residents($1, $2)
