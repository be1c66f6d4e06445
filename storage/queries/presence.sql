-- name: ask
with asked as (
    insert into presence (operator_id, wanted, since) values ($1, $2, now())
    on conflict (operator_id) do update set wanted = excluded.wanted, since = excluded.since
    where presence.wanted <> excluded.wanted
    returning operator_id
)
select pg_notify('presence', operator_id::text) from asked;

-- name: wanted
select o.id, 'PJSIP/' || o.endpoint as interface, coalesce(p.wanted, 'offline') as wanted, coalesce(p.since, now()) as since
from operators o left join presence p on p.operator_id = o.id
where o.endpoint is not null and ($1::int is null or o.id = $1);
