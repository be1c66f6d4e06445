-- What people recorded for callers of an outage, and the announcements that a node could not speak.

-- name: keep
insert into outage_recordings (outage_id, digest, sound, recorded_by) values ($1, $2, $3, $4)
on conflict (outage_id) do update set
    digest = excluded.digest, sound = excluded.sound, recorded_by = excluded.recorded_by, recorded_at = now();

-- name: remove
delete from outage_recordings where outage_id = $1 returning outage_id;

-- name: sound
select sound from outage_recordings where digest = $1 limit 1;

-- The outages of which this node could not speak something.
-- name: say_unspoken
with spoken as (delete from unspoken_outages where node = $1 and outage_id <> all ($2::integer[]))
insert into unspoken_outages (node, outage_id) select $1, o.id from outages o where o.id = any ($2::integer[])
on conflict do nothing;

-- What a new outage would sound like: the company's language and zone, what is off, where, and a number to come.
-- name: new
select c.language, c.zone, case c.language when 'ru' then k.said_ru else k.said_en end as said,
       (select h.street || ', ' || h.building from houses h where h.id = any ($3::integer[]) and h.company_id = c.id
        order by h.street, h.building, h.id limit 1) as address,
       c.last_ticket_number + 2 as number
from companies c, outage_kinds k where c.id = $1 and k.code = $2;

-- One of its ticket numbers, or one that it may have.
-- name: number
select coalesce((select min(n.number) from outage_numbers n where n.outage_id = o.id), c.last_ticket_number + 2)
from outages o join companies c on c.id = o.company_id where o.id = $1;
