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

-- name: find_houses
update new_houses n set
    id = coalesce(
        (select h.id from houses h where h.key = n.key),
        (select h.id from houses h where h.city = n.city and h.street = n.street and h.building = n.building),
        a.id),
    company_id = (select c.id from companies c where lower(c.name) = lower(n.company) order by c.name = n.company desc limit 1)
from new_houses m
left join lateral (
    select min(h.id) as id from houses h
    where h.town_key = m.town_key and h.street_key = m.street_key and h.building_key = m.building_key
) a on true
where m.place = n.place

-- name: house_problems
select line, 'company' as field, 'unknown company' as code, company as value
from new_houses where company is not null and company_id is null
union all
select line, 'house_key', 'unknown house', key from new_houses where id is null and city is null
union all
select n.line, 'house_key', 'house has another key', h.key
from new_houses n join houses h using (id) where n.key is not null and h.key <> n.key
union all
select n.line, 'street', 'address of another house', coalesce(h.key, '')
from new_houses n
join houses h on h.city = n.city and h.street = n.street and h.building = n.building and h.id <> n.id
union all
select line, 'house_key', 'one house twice', first::text
from (select line, min(line) over (partition by id) as first from new_houses where id is not null) s
where line <> first

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
    from new_houses n join houses o using (id) where not n.fresh
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
from new_flats n where p.id = n.id and not n.fresh and n.entrance is not null and p.entrance is distinct from n.entrance

-- name: find_residents
update new_residents n set premises_id = f.id, id = coalesce(
    (select r.id from residents r where r.account = n.account),
    (select r.id from residents r
     where r.premises_id = f.id and lower(r.name) = lower(n.name) and (n.account is null or r.account is null)
     order by (r.account is not null) = (n.account is not null) desc, r.id limit 1))
from new_flats f where f.place = n.house_flat

-- name: resident_problems
select n.line, 'account' as field, 'account of another flat' as code, n.account as value
from new_residents n join residents r using (id) where r.premises_id is distinct from n.premises_id
union all
select line, 'name', 'one resident twice', first::text
from (select line, min(line) over (partition by id) as first from new_residents where id is not null) s
where line <> first

-- name: add_residents
with counted as (
    update new_residents n set fresh = true, id = nextval(pg_get_serial_sequence('residents', 'id')), premises_id = f.id
    from new_flats f where f.place = n.house_flat and n.id is null
    returning n.*
)
insert into residents (id, premises_id, name, account) overriding system value
select id, premises_id, name, account from counted

-- name: change_residents
update residents r set name = case when lower(r.name) = lower(n.name) then r.name else n.name end,
    account = coalesce(n.account, r.account)
from new_residents n
where r.id = n.id and not n.fresh
  and (lower(r.name) <> lower(n.name) or (n.account is not null and r.account is distinct from n.account))

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
