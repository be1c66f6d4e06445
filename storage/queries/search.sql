-- What lists of several subjects are searched by.

-- name: houses_without_key
select id, city, street, building from houses where building_key is null order by id limit $1

-- name: set_house_keys
update houses h set town_key = k.town, street_key = k.street, building_key = k.building, loose_key = k.loose
from unnest($1::integer[], $2::text[], $3::text[], $4::text[], $5::text[]) k (id, town, street, building, loose)
where h.id = k.id

-- name: flats_without_key
select distinct flat from (select flat from premises where flat_key is null limit $1) p

-- name: set_flat_keys
update premises p set flat_key = k.key from unnest($1::text[], $2::text[]) k (flat, key)
where p.flat = k.flat and p.flat_key is null

-- Houses of the company $1, of all when null, whose street and town have a word for each of the patterns $2, and whose
-- number is the key $3, or the key $4 without what stands between, or begins with $5; with the flat of the key $6.
-- name: houses
select h.id, h.company_id, h.city, h.street, h.building, h.key, h.town_key, h.street_key,
    p.id as premises_id, p.flat, p.entrance
from houses h left join premises p on p.house_id = h.id and p.flat_key = $6
where h.building_key is not null
  and ($1::integer is null or h.company_id = $1)
  and ($3::text is null or h.building_key = $3)
  and ($4::text is null or h.loose_key = $4)
  and ($5::text is null or starts_with(h.building_key, $5))
  and ($6::text is null or p.id is not null)
  and not exists (
    select from unnest($2::text[]) w where (' ' || h.town_key || ' ' || h.street_key || ' ') !~ w)
order by h.city, h.street, length(h.building), h.building, h.id limit $7
