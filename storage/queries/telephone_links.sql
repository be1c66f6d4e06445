-- Links that show the account of a telephone once.

-- name: withdraw
delete from telephone_links where operator_id = $1

-- name: add
insert into telephone_links (token_hash, operator_id, expires_at) values ($1, $2, now() + $3::interval)

-- name: find
select o.name from telephone_links l
join operators o on o.id = l.operator_id
where l.token_hash = $1 and l.used_at is null and l.expires_at > now() and o.active and o.sip_secret is not null

-- name: use
update telephone_links l set used_at = now()
from operators o
where l.token_hash = $1 and l.used_at is null and l.expires_at > now()
    and o.id = l.operator_id and o.active and o.sip_secret is not null
returning o.id, o.name, o.endpoint, o.sip_secret, o.extension
