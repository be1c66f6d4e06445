-- What the watcher of outages reads and writes: what is usual, what calls now, what it suggests.

-- Only one process watches.
-- name: lead
select pg_try_advisory_lock(hashtext('outage watch'));

-- name: zone
select coalesce(mode() within group (order by zone), 'Europe/Moscow') from companies;

-- `weeks`: how much history the house's company has.
-- name: houses
select h.id, h.company_id as company, concat_ws(', ', nullif(h.city, ''), h.street) as street,
       (select count(*) from premises p where p.house_id = h.id) as flats,
       greatest(coalesce(extract(epoch from now() - heard.since) / 604800, 0), 1.0 / 7)::float8 as weeks
from houses h
left join (
    select company_id, min(arrived_at) as since from calls where arrived_at >= now() - interval '28 days' group by company_id
) heard on heard.company_id = h.company_id;

-- What called in each hour of the week, $1 being the zone: of a house at most $2 flats an hour, and numbers without one.
-- name: hours
select company, house, hour, sum(case when house is null then flats else least(flats, $2) end)::integer as calls
from (
    select c.company_id as company, p.house_id as house, date_trunc('hour', c.arrived_at at time zone $1) as day_hour,
           (extract(isodow from c.arrived_at at time zone $1)::integer - 1) * 24
               + extract(hour from c.arrived_at at time zone $1)::integer as hour,
           count(distinct coalesce(p.id::text, c.caller)) as flats
    from calls c left join residents r on r.id = c.resident_id left join premises p on p.id = r.premises_id
    where c.company_id is not null and c.direction = 'in' and c.arrived_at >= now() - interval '28 days'
    group by 1, 2, 3, 4
) each_day group by 1, 2, 3;

-- name: categories
select t.company_id as company, k.code as category, count(*)::integer as tickets
from tickets t join categories k on k.id = t.category_id
where t.opened_at >= now() - interval '28 days' group by 1, 2;

-- The calls since $1, with the flat of the caller's telephone among the residents of the company that was called.
-- name: calls
select c.id, c.arrived_at as at, c.company_id as company, c.caller, r.house, r.street, r.flat
from calls c
left join lateral (
    select p.house_id as house, concat_ws(', ', nullif(h.city, ''), h.street) as street, p.id as flat
    from resident_phones f
    join residents res on res.id = f.resident_id
    join premises p on p.id = res.premises_id
    join houses h on h.id = p.house_id
    where f.phone = c.caller and h.company_id = c.company_id
    order by res.id limit 1) r on true
where c.arrived_at >= $1 and c.company_id is not null and c.direction = 'in';

-- The tickets since $1 that have a category, but for those that come of an outage.
-- name: tickets
select t.id, t.updated_at as at, t.company_id as company, t.caller, t.house_id as house,
       concat_ws(', ', nullif(h.city, ''), h.street) as street, t.premises_id as flat,
       k.code as category, k.class = 'emergency' as emergency
from tickets t join categories k on k.id = t.category_id left join houses h on h.id = t.house_id
where t.opened_at >= $1 and t.parent_id is null and not exists (select from outages o where o.incident_id = t.id);

-- Outages that are known, with those that were over within $1. `dismissed`: somebody said that there was none.
-- name: known
select o.id, o.company_id as company, o.state, o.suggested_as, o.finished_at,
       array(select p.house_id from outage_places p where p.outage_id = o.id) as houses,
       o.state = 'cancelled' and exists (
           select from outage_events e
           where e.outage_id = o.id and e.to_state = 'cancelled' and e.operator_id is not null) as dismissed
from outages o
where (is_open(o.state) and o.since <= now()) or o.finished_at > now() - $1::interval;

-- name: suggest
insert into outages (company_id, state, since, evidence, suggested_as) values ($1, 'suspected', $2, $3, $4) returning id;

-- name: suggested_at
insert into outage_places (outage_id, house_id)
select $1, h.id from houses h where h.id = any ($2::integer[]) on conflict do nothing;

-- name: note
insert into outage_events (outage_id, kind, to_state) values ($1, 'opened', 'suspected');

-- name: grow
update outages set since = least(since, $2), evidence = $3 where id = $1 and state = 'suspected' returning id;

-- Suggestions of which nobody has called for $1, or whose houses are all in outages that are known meanwhile.
-- name: end
with over as (
    update outages o set state = 'cancelled', finished_at = now(), version = version + 1
    where o.state = 'suspected' and o.suggested_as is not null and (
        (o.evidence ->> 'last_at')::timestamptz < now() - $1::interval
        or (exists (select from outage_places p where p.outage_id = o.id)
            and not exists (
                select from outage_places p where p.outage_id = o.id and not exists (
                    select from outage_places q join outages k on k.id = q.outage_id
                    where q.house_id = p.house_id and k.state <> 'suspected' and is_open(k.state)
                      and k.since <= now()))))
    returning o.id
)
insert into outage_events (outage_id, kind, from_state, to_state)
select id, 'moved', 'suspected', 'cancelled' from over returning outage_id;

-- What the screens show, suspected ones first: at most $1, with three addresses of each. `total`: how many there are.
-- name: shown
select o.id, o.state, o.kind, o.company_id, c.name as company, c.zone, o.since, o.until, o.evidence,
       array(select h.street || ', ' || h.building from outage_places p join houses h on h.id = p.house_id
             where p.outage_id = o.id order by h.street, length(h.building), h.building limit 3) as addresses,
       (select count(*) from outage_places p where p.outage_id = o.id) as houses,
       exists (select from unspoken_outages u where u.outage_id = o.id) as unspoken,
       count(*) over () as total
from outages o join companies c on c.id = o.company_id
where is_open(o.state) and o.since <= now()
order by o.state = 'suspected' desc, o.since desc, o.id desc limit $1;

-- name: push
select push($1::jsonb);
