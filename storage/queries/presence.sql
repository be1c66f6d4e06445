-- name: wanted
-- What everybody with a telephone at the node $1 wants to be.
select o.id, 'PJSIP/' || o.endpoint as interface, coalesce(p.wanted, 'offline') as wanted, coalesce(p.since, now()) as since
from operators o left join presence p on p.operator_id = o.id
where o.endpoint is not null and (o.node is null or o.node = $1);
