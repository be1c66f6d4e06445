-- name: wanted
-- What everybody with a telephone at the node $1 wants to be.
select o.id, 'PJSIP/' || o.endpoint as interface, coalesce(p.wanted, 'offline') as wanted, coalesce(p.since, now()) as since,
    p.reason, p.pause
from operators o left join presence p on p.operator_id = o.id
where o.endpoint is not null and o.active and (o.node is null or o.node = $1);

-- name: go_offline
-- From now on, should the node be away, too. Returns the person $1 if they have a telephone.
with gone as (
    update presence set wanted = 'offline', since = now(), reason = null, pause = null where operator_id = $1 and wanted <> 'offline'
)
select id from operators where id = $1 and endpoint is not null;

-- name: has_phone
select true from operators where id = $1 and active and endpoint is not null;

-- name: pause_reasons
-- What a pause can be for.
select code, name_ru, name_en, active from pause_reasons order by place;

-- name: save_pause_reasons
-- $1 codes, $2 places, $3 Russian names, $4 English ones, $5 whether it is offered.
insert into pause_reasons (code, place, name_ru, name_en, active)
select * from unnest($1::text[], $2::smallint[], $3::text[], $4::text[], $5::boolean[])
on conflict (code) do update set place = excluded.place, name_ru = excluded.name_ru, name_en = excluded.name_en,
    active = excluded.active;

-- name: is_pause_reason
select true from pause_reasons where code = $1 and active;

-- name: page_open
insert into open_pages (operator_id) values ($1) on conflict (operator_id) do update set seen_at = now();

-- name: open_pages
select operator_id, seen_at from open_pages;

-- name: page_gone
-- Forget the page of $1 unless it has said since $2 that it is open; whose it was.
delete from open_pages where operator_id = $1 and seen_at = $2 returning operator_id;

-- name: lead
-- Only one process looks for pages that are gone.
select pg_try_advisory_lock(hashtext('open pages'));
