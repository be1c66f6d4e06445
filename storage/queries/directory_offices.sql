-- Companies and what belongs to each. $1 is the company whose rows alone may be seen, or null for everybody's.

-- name: companies
select c.id, c.name, c.zone, c.language,
    coalesce((select array_agg(number order by number) from numbers where company_id = c.id), '{}') as numbers,
    coalesce((select array_agg(typed order by number) from numbers where company_id = c.id), '{}') as typed,
    (select count(*) from houses where company_id = c.id) as houses,
    (select count(*) from crews where company_id = c.id and active) as crews
from companies c where $1::integer is null or c.id = $1 order by c.name

-- The calls of the last day that reached no company, by the beginning and the length of the number dialled; nobody's
-- calls are of no one company, and for whoever sees every company.
-- name: unreached
select left(did, 4) as beginning, length(did) as digits, count(*) as calls, min(arrived_at) as first_at,
    max(arrived_at) as last_at
from calls
where $1::integer is null and arrived_at > now() - interval '1 day' and coalesce(outcome, fate) = 'no_such_number'
group by 1, 2 order by 3 desc, 1, 2 limit 20

-- name: company
select c.id, c.name, c.zone, c.language, c.retention_days, c.city_code, c.outage_page,
    coalesce((select array_agg(number order by number) from numbers where company_id = c.id), '{}') as numbers,
    coalesce((select array_agg(typed order by number) from numbers where company_id = c.id), '{}') as typed
from companies c where c.id = $2 and ($1::integer is null or c.id = $1)

-- name: add_company
insert into companies (name, zone, language, retention_days, city_code, outage_page) values ($1, $2, $3, $4, $5, $6) returning id

-- name: change_company
update companies set name = $2, zone = $3, language = $4, retention_days = $5, city_code = $6, outage_page = $7 where id = $1

-- name: take_numbers
delete from numbers where company_id = $1 and number <> all($2::text[])

-- name: give_numbers
-- A number that the company has keeps the spelling in which it was added.
insert into numbers (number, company_id, typed)
select n, $1, typed from unnest($2::text[], $3::text[]) as given (n, typed)
where not exists (select from numbers where number = n and company_id = $1)

-- name: stored_numbers
select number, company_id from numbers for update

-- name: rewrite_number
update numbers set number = $2, typed = coalesce(typed, number) where number = $1

-- name: remove_number
delete from numbers where number = $1

-- name: categories
select t.id, t.code, t.class, t.name_ru, t.name_en, t.active,
    coalesce((select jsonb_object_agg(l.step, jsonb_build_object('minutes', l.minutes, 'warn_before', l.warn_before,
        'opens', to_char(l.opens, 'HH24:MI'), 'closes', to_char(l.closes, 'HH24:MI')))
        from limits l where l.category_id = t.id), '{}') as limits
from categories t where t.company_id = $2 and ($1::integer is null or t.company_id = $1) order by t.active desc, t.id

-- name: default_limits
select step, minutes, warn_before from default_limits where company_id = $2 and ($1::integer is null or company_id = $1)

-- name: take_default_limits
delete from default_limits where company_id = $1

-- name: give_default_limit
insert into default_limits (company_id, step, minutes, warn_before) values ($1, $2, $3, $4)

-- name: category
select t.*,
    coalesce((select jsonb_object_agg(l.step, jsonb_build_object('minutes', l.minutes, 'warn_before', l.warn_before,
        'opens', to_char(l.opens, 'HH24:MI'), 'closes', to_char(l.closes, 'HH24:MI')))
        from limits l where l.category_id = t.id), '{}') as limits
from categories t where t.id = $2 and ($1::integer is null or t.company_id = $1)

-- name: add_category
insert into categories (company_id, code, class, name_ru, name_en, active) values ($1, $2, $3, $4, $5, $6) returning id

-- name: change_category
update categories set code = $2, class = $3, name_ru = $4, name_en = $5, active = $6 where id = $1

-- name: take_limits
delete from limits where category_id = $1

-- name: give_limit
insert into limits (category_id, step, minutes, warn_before, opens, closes) values ($1, $2, $3, $4, $5, $6)

-- name: crews
select w.id, w.company_id, w.name, w.language, w.phone, w.email, w.webhook_url, w.active,
    coalesce((select jsonb_object_agg(d.weekday, d.said) from (
        select weekday, string_agg(to_char(opens, 'HH24:MI') || '–' || to_char(closes, 'HH24:MI'), ', ' order by opens) as said
        from crew_hours where crew_id = w.id group by weekday) d), '{}') as hours
from crews w where w.company_id = $2 and ($1::integer is null or w.company_id = $1) order by w.active desc, w.name

-- name: crew
select w.id, w.company_id, w.name, w.language, w.phone, w.email, w.webhook_url, w.active,
    (select city_code from companies where id = w.company_id) as city_code,
    coalesce((select jsonb_object_agg(d.weekday, d.said) from (
        select weekday, string_agg(to_char(opens, 'HH24:MI') || '–' || to_char(closes, 'HH24:MI'), ', ' order by opens) as said
        from crew_hours where crew_id = w.id group by weekday) d), '{}') as hours
from crews w where w.id = $2 and ($1::integer is null or w.company_id = $1)

-- name: add_crew
insert into crews (company_id, name, language, phone, email, webhook_url, webhook_secret, active)
values ($1, $2, $3, $4, $5, $6, $7, $8) returning id

-- name: change_crew
-- A secret that there is stays; a new address without one gets $7.
update crews set name = $2, language = $3, phone = $4, email = $5, webhook_url = $6,
    webhook_secret = case when $6::text is null then null else coalesce(webhook_secret, $7) end, active = $8
where id = $1 returning webhook_secret is not distinct from $7 and $6::text is not null as new_secret

-- name: new_secret
update crews set webhook_secret = $2 where id = $1 and webhook_url is not null returning id

-- name: take_hours
delete from crew_hours where crew_id = $1

-- name: give_hours
insert into crew_hours (crew_id, weekday, opens, closes) select $1, * from unnest($2::integer[], $3::time[], $4::time[])

-- name: responsibles
select p.id, p.company_id, p.name, p.phone, p.crew_id, p.active, w.name as crew
from responsibles p left join crews w on w.id = p.crew_id
where p.company_id = $2 and ($1::integer is null or p.company_id = $1) order by p.active desc, p.name

-- name: responsible
select p.id, p.company_id, p.name, p.phone, p.crew_id, p.active,
    (select city_code from companies where id = p.company_id) as city_code
from responsibles p where p.id = $2 and ($1::integer is null or p.company_id = $1)

-- name: add_responsible
insert into responsibles (company_id, name, phone, crew_id, active) values ($1, $2, $3, $4, $5) returning id

-- name: change_responsible
update responsibles set name = $2, phone = $3, crew_id = $4, active = $5 where id = $1
