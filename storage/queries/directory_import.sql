-- A sheet against the directory: staged in temporary tables, validated, then written; one transaction, one import at a
-- time.

-- name: lock
select pg_advisory_xact_lock(hashtext('directory import'))

-- name: stage
create temporary table new_houses (
    place integer primary key, line integer, key text, city text, street text, building text, entrances integer,
    company text, town_key text, street_key text, building_key text,
    id integer, company_id integer, fresh boolean not null default false
) on commit drop;
create temporary table new_flats (
    place integer primary key, line integer, house integer, flat text, entrance integer, flat_key text,
    id integer, house_id integer, fresh boolean not null default false
) on commit drop;
create temporary table new_residents (
    place integer primary key, line integer, house_flat integer, name text, account text,
    id integer, premises_id integer, fresh boolean not null default false
) on commit drop;
create temporary table new_phones (resident integer, phone text, line integer) on commit drop;
create temporary table new_lines (line integer, house integer, flat integer, resident integer) on commit drop;

-- name: analyze_directory
select analyze_directory()

-- name: analyze
analyze new_houses, new_flats, new_residents, new_phones, new_lines

-- name: find_houses
update new_houses n set
    id = coalesce(
        (select h.id from houses h where h.key = n.key),
        (select h.id from houses h where h.city = n.city and h.street = n.street and h.building = n.building),
        a.id),
    company_id = case when n.company is null then $1::integer else (
        select c.id from companies c where lower(c.name) = lower(n.company) order by c.name = n.company desc limit 1) end
from new_houses m
left join lateral (
    select min(h.id) as id from houses h
    where h.town_key = m.town_key and h.street_key = m.street_key and h.building_key = m.building_key
) a on true
where m.place = n.place

-- name: house_problems
-- Of every line of the house.
select l.line, p.place, p.field, p.code, p.value, p.mendable from (
    select place, 'company' as field, 'unknown company' as code, company as value, true as mendable
    from new_houses where company is not null and company_id is null
    union all
    select place, 'house_key', 'unknown house', key, false from new_houses where id is null and city is null
    union all
    select n.place, 'house_key', 'house has another key', h.key, true
    from new_houses n join houses h using (id) where n.key is not null and h.key <> n.key
    union all
    select n.place, 'street', 'address of another house', coalesce(h.key, ''), false
    from new_houses n
    join houses h on h.city = n.city and h.street = n.street and h.building = n.building and h.id <> n.id
    union all
    select place, 'house_key', 'one house twice', first::text, false
    from (select place, line, min(line) over (partition by id) as first from new_houses where id is not null) s
    where line <> first
) p join new_lines l on l.house = p.place

-- name: mend_houses
-- What a house of the sheet cannot have ($2) is taken from those at these places.
update new_houses set key = case when $2 = 'house_key' then null else key end,
    company = case when $2 = 'company' then null else company end
where place = any($1::integer[])

-- name: drop_lines
delete from new_lines where line = any($1::integer[])

-- name: drop_phones
delete from new_phones where line = any($1::integer[])

-- name: drop_residents
delete from new_residents r where not exists (select from new_lines l where l.resident = r.place)

-- name: drop_flats
delete from new_flats f where not exists (select from new_lines l where l.flat = f.place)

-- name: drop_houses
delete from new_houses h where not exists (select from new_lines l where l.house = h.place)

-- name: add_houses
with counted as (
    update new_houses set fresh = true, id = nextval(pg_get_serial_sequence('houses', 'id')) where id is null
    returning *
)
insert into houses (id, company_id, city, street, building, entrances, key) overriding system value
select id, company_id, city, street, building, entrances, key from counted

-- name: change_houses
update houses h set
    key = coalesce(n.key, h.key),
    city = case when n.moved then n.city else h.city end,
    street = case when n.moved then n.street else h.street end,
    building = case when n.moved then n.building else h.building end,
    entrances = coalesce(n.entrances, h.entrances),
    company_id = coalesce(n.company_id, h.company_id)
from (
    select n.*, n.city is not null and (n.town_key, n.street_key, n.building_key)
        is distinct from (o.town_key, o.street_key, o.building_key) as moved
    from new_houses n join houses o using (id)
) n
where h.id = n.id and (
    n.moved
    or (n.key, n.entrances, n.company_id) is distinct from (
        case when n.key is not null then h.key end,
        case when n.entrances is not null then h.entrances end,
        case when n.company_id is not null then h.company_id end))

-- name: find_flats
update new_flats n set house_id = h.id, id = (
    select p.id from premises p where p.house_id = h.id and p.flat_key = n.flat_key
    order by p.flat = n.flat desc, p.id limit 1)
from new_houses h where h.place = n.house

-- name: add_flats
with counted as (
    update new_flats n set fresh = true, id = nextval(pg_get_serial_sequence('premises', 'id')), house_id = h.id
    from new_houses h where h.place = n.house and n.id is null
    returning n.*
)
insert into premises (id, house_id, flat, entrance) overriding system value
select id, house_id, flat, entrance from counted

-- name: change_flats
update premises p set entrance = n.entrance
from new_flats n where p.id = n.id and n.entrance is not null and p.entrance is distinct from n.entrance

-- name: find_residents
update new_residents n set premises_id = f.id, id = coalesce(
    (select r.id from residents r where r.account = n.account),
    (select r.id from residents r
     where r.premises_id = f.id and lower(r.name) = lower(n.name) and (n.account is null or r.account is null)
     order by (r.account is not null) = (n.account is not null) desc, r.id limit 1))
from new_flats f where f.place = n.house_flat

-- name: resident_problems
-- Of every line of the resident.
select l.line, p.place, p.field, p.code, p.value, p.mendable from (
    select n.place, 'account' as field, 'account of another flat' as code, n.account as value, true as mendable
    from new_residents n join residents r using (id) where r.premises_id is distinct from n.premises_id
    union all
    select place, 'name', 'one resident twice', first::text, false
    from (select place, line, min(line) over (partition by id) as first from new_residents where id is not null) s
    where line <> first
) p join new_lines l on l.resident = p.place

-- name: mend_residents
update new_residents set account = null where place = any($1::integer[]) and $2 = 'account'

-- name: add_residents
with counted as (
    update new_residents n set fresh = true, id = nextval(pg_get_serial_sequence('residents', 'id')), premises_id = f.id
    from new_flats f where f.place = n.house_flat and n.id is null
    returning n.*
)
insert into residents (id, premises_id, name, account) overriding system value
select id, premises_id, name, account from counted

-- Whoever is in the register lives there, whatever was noted.
-- name: change_residents
update residents r set left_at = null, name = case when lower(r.name) = lower(n.name) then r.name else n.name end,
    account = coalesce(n.account, r.account)
from new_residents n
where r.id = n.id
  and (r.left_at is not null or lower(r.name) <> lower(n.name) or (n.account is not null and r.account is distinct from n.account))

-- name: absent
-- How many residents of the houses of the sheet are not in it, and did not move out before.
select count(*) from residents r join premises p on p.id = r.premises_id
where p.house_id in (select id from new_houses) and r.left_at is null and r.id not in (select id from new_residents where id is not null)

-- name: move_out
update residents r set left_at = now() from premises p
where p.id = r.premises_id and p.house_id in (select id from new_houses) and r.left_at is null
    and r.id not in (select id from new_residents where id is not null)

-- name: local_phones
-- Telephones without a city code, with the code of the company that serves the house after the import.
select p.resident, p.phone, p.line, coalesce(c.city_code, '') as city_code
from new_phones p
join new_residents r on r.place = p.resident
join new_flats f on f.place = r.house_flat
join new_houses n on n.place = f.house
left join houses h on h.id = n.id
left join companies c on c.id = coalesce(n.company_id, h.company_id)
where p.phone not like '+%'
order by p.line, p.phone

-- name: complete_phones
update new_phones p set phone = k.completed
from unnest($1::integer[], $2::text[], $3::text[]) k (resident, phone, completed)
where p.resident = k.resident and p.phone = k.phone

-- name: drop_local_phones
delete from new_phones p using unnest($1::integer[], $2::text[]) k (resident, phone)
where p.resident = k.resident and p.phone = k.phone

-- name: keep_houses
-- What is there already, as it was before the import.
create temporary table old_houses on commit drop as select h.* from houses h join new_houses n using (id)

-- name: keep_flats
create temporary table old_flats on commit drop as select p.* from premises p join new_flats n using (id)

-- name: keep_residents
create temporary table old_residents on commit drop as select r.* from residents r join new_residents n using (id)

-- name: changed
-- The first $1 values that the import has changed.
select c.line, c.address, c.flat, f.field, coalesce(f.before, '') as before, coalesce(f.after, '') as after
from (
    select n.line, 1 as kind, o.city || ', ' || o.street || ', ' || o.building as address, '' as flat,
        array[o.key, o.city, o.street, o.building, o.entrances::text, oc.name, null, null, null] as before,
        array[h.key, h.city, h.street, h.building, h.entrances::text, hc.name, null, null, null] as after
    from old_houses o
    join new_houses n using (id) join houses h using (id)
    left join companies oc on oc.id = o.company_id left join companies hc on hc.id = h.company_id
    union all
    select n.line, 2, h.city || ', ' || h.street || ', ' || h.building, p.flat,
        array[null, null, null, null, null, null, o.entrance::text, null, null],
        array[null, null, null, null, null, null, p.entrance::text, null, null]
    from old_flats o join new_flats n using (id) join premises p using (id) join houses h on h.id = p.house_id
    union all
    select n.line, 3, h.city || ', ' || h.street || ', ' || h.building, p.flat,
        array[null, null, null, null, null, null, null, o.account, o.name],
        array[null, null, null, null, null, null, null, r.account, r.name]
    from old_residents o
    join new_residents n using (id) join residents r using (id)
    join premises p on p.id = r.premises_id join houses h on h.id = p.house_id
) c
cross join lateral unnest(
    array['house_key', 'city', 'street', 'building', 'entrances', 'company', 'entrance', 'account', 'name'],
    c.before, c.after) f (field, before, after)
where c.before <> c.after and f.before is distinct from f.after
order by c.line, c.kind, f.field
limit $1

-- name: fresh_houses
-- Houses that the import has added, with the keys of their addresses.
select n.line, h.id, h.city, h.street, h.building, h.town_key, h.street_key, h.loose_key
from new_houses n join houses h using (id) where n.fresh order by n.line

-- name: fresh_residents
-- Residents that the import has added to a flat where somebody's name begins alike; at most $1.
select n.line, r.name, o.name as other, h.city, h.street, h.building, p.flat
from new_residents n
join residents r using (id)
join residents o on o.premises_id = r.premises_id and o.id < r.id
    and left(lower(translate(o.name, 'ёЁ', 'еЕ')), 3) = left(lower(translate(r.name, 'ёЁ', 'еЕ')), 3)
join premises p on p.id = r.premises_id
join houses h on h.id = p.house_id
where n.fresh order by n.line limit $1

-- name: neighbours
-- Houses in these towns with these numbers.
select id, city, street, building, town_key, street_key, loose_key
from houses where town_key = any($1::text[]) and loose_key = any($2::text[])

-- name: only_city
-- The town of the houses of a company ($1), or of all, when they are all in one.
select min(city) from houses where $1::integer is null or company_id = $1 having count(distinct town_key) = 1

-- name: add_phones
-- A namesake in the same flat may hold the number: then it is known already.
insert into resident_phones (phone, resident_id)
select distinct p.phone, n.id
from new_phones p join new_residents n on n.place = p.resident
where not exists (
    select from residents r join resident_phones k on k.resident_id = r.id
    where r.premises_id = n.premises_id and lower(r.name) = lower(n.name) and k.phone = p.phone)

-- name: served_by_nobody
select n.line, h.city || ', ' || h.street || ', ' || h.building as address
from new_houses n join houses h using (id) where h.company_id is null order by n.line

-- name: rows
-- The whole directory of one company ($1), or of all: a line for each resident, each empty flat, each empty house.
select coalesce(h.key, '') as house_key, coalesce(c.name, '') as company, h.city, h.street, h.building,
    coalesce(h.entrances::text, '') as entrances, coalesce(p.flat, '') as flat,
    coalesce(p.entrance::text, '') as entrance, coalesce(r.account, '') as account, coalesce(r.name, '') as name,
    coalesce((select array_agg(phone order by phone) from resident_phones where resident_id = r.id), '{}') as phones
from houses h
left join companies c on c.id = h.company_id
left join premises p on p.house_id = h.id
left join residents r on r.premises_id = p.id
where $1::integer is null or h.company_id = $1
order by h.city, h.street, h.building, h.id, length(p.flat), p.flat, p.id, r.id

-- name: layouts
select headings, columns from sheet_layouts where company_id = $1 order by at desc limit 20

-- name: remember_layout
insert into sheet_layouts (company_id, headings, columns) values ($1, $2, $3)
on conflict (company_id, headings) do update set columns = excluded.columns, at = now()
