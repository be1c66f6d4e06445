-- The directory's pages. $1 is always the company whose rows alone may be seen, or null for everybody's.

-- name: houses
-- $2: their ids in the order of addresses; $3: a key in small letters; $4: how many.
select h.id, h.city, h.street, h.building, h.key, h.company_id, c.name as company,
    (select count(*) from premises p where p.house_id = h.id) as flats
from houses h left join companies c on c.id = h.company_id
where ($1::integer is null or h.company_id = $1) and (h.id = any ($2::integer[]) or lower(h.key) = $3)
order by h.city, h.street, length(h.building), h.building, h.id limit $4

-- name: flats_of
-- $1: their ids; $2: how many.
select r.id as resident_id, r.name, p.id as premises_id, p.flat, h.id as house_id,
    h.city || ', ' || h.street || ', ' || h.building as address
from premises p join houses h on h.id = p.house_id left join residents r on r.premises_id = p.id
where p.id = any ($1::integer[])
order by h.city, h.street, length(h.building), h.building, length(p.flat), p.flat, r.name, r.id limit $2

-- name: people
-- $2: words, all of which must be found, and not all in the address alone; $3: how many.
select r.id as resident_id, r.name, p.id as premises_id, p.flat, h.id as house_id,
    h.city || ', ' || h.street || ', ' || h.building as address
from premises p
join houses h on h.id = p.house_id
left join residents r on r.premises_id = p.id
cross join lateral (
    select count(*) filter (where own) as owned, count(*) filter (where own or placed) as found from (
        select w = lower(p.flat) or w = lower(r.account)
                or (w !~ '^[0-9]' and strpos(translate(lower(r.name), 'ё', 'е'), w) > 0) as own,
            case when w ~ '^[0-9]' then lower(h.building) = w
                else strpos(translate(lower(h.city || ' ' || h.street || ' ' || h.building), 'ё', 'е'), w) > 0 end as placed
        from unnest($2::text[]) w) s
) m
where ($1::integer is null or h.company_id = $1) and m.owned > 0 and m.found = cardinality($2::text[])
order by h.city, h.street, length(h.building), h.building, length(p.flat), p.flat, r.name, r.id limit $3

-- name: by_phone
-- $2: a number in E.164; $3: the last digits of one, or null; $4: how many.
select r.id as resident_id, r.name, p.id as premises_id, p.flat, h.id as house_id, k.phone,
    h.city || ', ' || h.street || ', ' || h.building as address
from resident_phones k
join residents r on r.id = k.resident_id
join premises p on p.id = r.premises_id
join houses h on h.id = p.house_id
where ($1::integer is null or h.company_id = $1) and (k.phone = $2 or k.phone like '%' || $3::text)
order by k.phone, h.city, h.street, h.building, r.id limit $4

-- name: house
select h.*, c.name as company, coalesce(c.zone, 'Europe/Moscow') as zone
from houses h left join companies c on c.id = h.company_id
where h.id = $2 and ($1::integer is null or h.company_id = $1)

-- name: history
select coalesce(c.name, '') as company, s.since, s.until
from house_companies s left join companies c on c.id = s.company_id
where s.house_id = $2 and ($1::integer is null or s.company_id = $1) order by s.since desc

-- name: flats
-- $3: a part of a flat's number or a name in small letters; $4: how many.
select p.id, p.flat, p.entrance,
    coalesce((select jsonb_agg(jsonb_build_object('id', r.id, 'name', r.name) order by r.name, r.id)
        from residents r where r.premises_id = p.id), '[]') as residents
from premises p join houses h on h.id = p.house_id
where p.house_id = $2 and ($1::integer is null or h.company_id = $1)
  and ($3::text = '' or lower(p.flat) = $3 or exists (
    select from residents r where r.premises_id = p.id and strpos(lower(r.name), $3) > 0))
order by length(p.flat), p.flat, p.id limit $4

-- name: premises
select p.*, h.company_id,
    coalesce((select city_code from companies where id = h.company_id), '') as city_code,
    h.city || ', ' || h.street || ', ' || h.building as address
from premises p join houses h on h.id = p.house_id
where p.id = $2 and ($1::integer is null or h.company_id = $1)

-- name: resident
select r.*, p.flat, p.house_id, h.company_id,
    coalesce((select city_code from companies where id = h.company_id), '') as city_code,
    h.city || ', ' || h.street || ', ' || h.building as address,
    coalesce((select array_agg(phone order by phone) from resident_phones where resident_id = r.id), '{}') as phones
from residents r join premises p on p.id = r.premises_id join houses h on h.id = p.house_id
where r.id = $2 and ($1::integer is null or h.company_id = $1)

-- name: neighbours
select r.id, r.name from residents r where r.premises_id = $1 order by r.name, r.id

-- name: add_house
insert into houses (city, street, building, entrances, key, company_id, notes) values ($1, $2, $3, $4, $5, $6, $7) returning id

-- name: change_house
update houses set city = $2, street = $3, building = $4, entrances = $5, key = $6, company_id = $7, notes = $8 where id = $1

-- name: add_premises
insert into premises (house_id, flat, entrance) values ($1, $2, $3) returning id

-- name: change_premises
update premises set flat = $2, entrance = $3 where id = $1

-- name: add_resident
insert into residents (premises_id, name, account) values ($1, $2, $3) returning id

-- name: change_resident
update residents set name = $2, account = $3 where id = $1

-- Note that a resident does not live there any more, or does after all; the date that was noted first stays.
-- name: move_out
update residents set left_at = case when $2 then coalesce(left_at, now()) end where id = $1

-- name: take_phones
delete from resident_phones where resident_id = $1 and phone <> all($2::text[])

-- name: give_phones
insert into resident_phones (phone, resident_id) select phone, $1 from unnest($2::text[]) phone on conflict do nothing

-- name: remove_phones
delete from resident_phones where resident_id = $1

-- name: remove_resident
delete from residents where id = $1
