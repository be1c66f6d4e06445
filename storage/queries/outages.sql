-- Outages: what is off, where, and the ticket numbers kept for the flats.

-- name: list
select o.*, c.name as company, c.zone, c.language, k.name_ru, k.name_en, k.said_ru, k.said_en, t.number as incident_number,
       r.digest as recording, r.recorded_at,
       exists (select from unspoken_outages u where u.outage_id = o.id) as unspoken
from outages o
join companies c on c.id = o.company_id
left join outage_kinds k on k.code = o.kind
left join tickets t on t.id = o.incident_id
left join outage_recordings r on r.outage_id = o.id
where ($1::integer[] is null or o.id = any ($1))
  and ($2::boolean is false or is_open(o.state))
  and ($3::integer is null or o.company_id = $3)
order by o.since desc, o.id desc limit case when $1 is null then 500 end;

-- name: places
select p.outage_id, p.house_id, p.entrances, p.flats, p.riser, h.city, h.street, h.building
from outage_places p join houses h on h.id = p.house_id
where p.outage_id = any ($1::integer[]) order by h.street, h.building, p.house_id;

-- name: events
select e.id, e.at, coalesce(o.name, '') as who, e.kind, e.from_state, e.to_state, e.comment, e.changes
from outage_events e left join operators o on o.id = e.operator_id where e.outage_id = $1 order by e.id;

-- name: houses
select id, concat_ws(', ', nullif(city, ''), street, building) as address from houses where company_id = $1
order by city, street, building limit 5000;

-- name: all_houses
select id, company_id, key, city, street, building, concat_ws(', ', nullif(city, ''), street, building) as address
from houses where company_id is not null and ($1::integer is null or company_id = $1);

-- Planned works that are not over, house by house.
-- name: planned
select o.company_id, o.kind, o.since, p.house_id from outages o join outage_places p on p.outage_id = o.id
where o.planned and o.finished_at is null;

-- Calls that live are few; those of a big outage are thousands, of which only their announcements are counted.
-- name: figures
select a.outage_id, count(distinct a.call_id) as calls,
       count(distinct coalesce(nullif(a.caller, ''), a.call_id)) filter (where a.whole) as helped,
       count(distinct a.ticket_id) as tickets,
       coalesce(min(l.hearing), 0) as hearing, coalesce(min(l.waiting), 0) as waiting
from announcements a
left join (
    select t.outage_id, count(distinct c.id) filter (where t.ended_at is null) as hearing,
           count(distinct c.id) filter (where c.state = 'waiting') as waiting
    from calls c join announcements t on t.call_id = c.id
    where c.state <> 'ended' and t.outage_id = any ($1::integer[])
    group by t.outage_id
) l on l.outage_id = a.outage_id
where a.outage_id = any ($1::integer[])
group by a.outage_id;

-- name: kinds
select code, name_ru, name_en, category from outage_kinds order by place;

-- name: houses_of
select id from houses where id = any ($1::integer[]) and company_id = $2;

-- name: crew_of
select id from crews where id = $1 and company_id = $2 and active;

-- name: category
select c.id from categories c join outage_kinds k on k.code = $2
where c.company_id = $1 and c.active and c.code = case when $3 then 'repair' else k.category end;

-- name: language
select language from companies where id = $1;

-- name: open
insert into outages (company_id, kind, planned, state, cause, since, until, crew_id, workers, message, operator_note,
                     evidence, opened_by)
values ($1, $2, $3, 'suspected', $4, $5, $6, $7, $8, $9, $10, $11, $12) returning id;

-- name: lock
select id, version, state, company_id from outages where id = $1 and ($2::integer is null or company_id = $2) for update;

-- name: add_place
insert into outage_places (outage_id, house_id, entrances, flats, riser) values ($1, $2, $3, $4, $5)
on conflict (outage_id, house_id) do update set
    entrances = excluded.entrances, flats = excluded.flats, riser = excluded.riser;

-- name: remove_places
delete from outage_places where outage_id = $1 and house_id <> all ($2::integer[]);

-- name: premises
select p.id, p.house_id, p.flat, p.entrance from premises p where p.house_id = any ($1::integer[]) order by p.id;

-- name: numbered
select premises_id from outage_numbers where outage_id = $1 and premises_id is not null;

-- name: draw_numbers
update companies set last_ticket_number = last_ticket_number + $2 where id = $1 returning last_ticket_number - $2 + 1;

-- name: number_flats
insert into outage_numbers (outage_id, number, premises_id)
select $1, $2 + place - 1, premises from unnest($3::integer[]) with ordinality as given (premises, place);

-- name: spare_count
select coalesce(spare_until - spare_from, 0) from outages where id = $1;

-- name: spare
update outages set spare_from = $2, spare_until = $3 where id = $1;

-- name: of_kind
update outages set kind = $2 where id = $1;

-- name: incident
update outages set incident_id = $2 where id = $1;

-- name: move
update outages set state = $2, version = version + 1,
    confirmed_at = case when $2 = 'confirmed' then now() else confirmed_at end,
    finished_at = case when not is_open($2) then now() end
where id = $1;

-- The outage of a ticket that has just been closed or cancelled, with who did it and what they said.
-- name: of_ended_incident
select o.id, o.state, e.operator_id, e.comment from outages o
join lateral (
    select t.operator_id, t.comment from ticket_events t where t.ticket_id = o.incident_id order by t.id desc limit 1
) e on true
where o.incident_id = $1 and is_open(o.state) for update of o;

-- name: note
insert into outage_events (outage_id, operator_id, kind, from_state, to_state, comment, changes)
values ($1, $2, $3, $4, $5, $6, $7);

-- name: notify
select pg_notify('outages', json_build_object('outage', $1::integer, 'company', $2::integer)::text);

-- name: lead
-- Only one process ends planned works.
select pg_try_advisory_lock(hashtext('planned works'));

-- name: due
select o.id, o.company_id, 'end' as what from outages o
where o.planned and o.state in ('confirmed', 'repairing') and o.until <= now();

-- What callers may hear outages in, most companies first.
-- name: languages
select language from companies group by language order by count(*) desc, language;

-- The outages of which callers are told now.
-- name: announced
select o.id, o.spare_from, o.spare_until,
       array(select n.number from numbers n where n.company_id = o.company_id order by n.number) as dids
from outages o
where o.state in ('confirmed', 'repairing')
  and (not o.planned or (o.since <= now() and (o.until is null or o.until > now())))
order by o.since, o.id;

-- The telephones of all flats are read at once: flat by flat it took seconds for 900.
-- name: announced_flats
with flats as materialized (
    select n.outage_id, n.number, p.id, p.house_id, p.flat
    from outage_numbers n join premises p on p.id = n.premises_id
    join outage_places s on s.outage_id = n.outage_id and s.house_id = p.house_id
    where n.outage_id = any ($1::integer[])
), telephones as materialized (
    select r.premises_id, array_agg(distinct f.phone) as phones
    from residents r join resident_phones f on f.resident_id = r.id
    where r.premises_id in (select id from flats) group by r.premises_id
)
select f.outage_id, f.number, f.house_id, f.flat, coalesce(t.phones, '{}') as phones
from flats f left join telephones t on t.premises_id = f.id order by f.outage_id, f.number;
