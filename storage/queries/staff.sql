-- People as an administrator sees them.

-- name: people
select o.id, o.login, o.name, o.role, o.active, o.company_id, o.crew_id, c.name as company, w.name as crew, o.endpoint, o.extension,
       o.totp_secret is not null as has_code, o.password_hash is not null as has_password,
       (select max(s.seen_at) from sessions s where s.operator_id = o.id and s.expires_at > now()) as seen_at,
       (select max(i.expires_at) from invitations i
        where i.operator_id = o.id and i.used_at is null and i.expires_at > now()) as invited_until
from operators o
left join companies c on c.id = o.company_id
left join crews w on w.id = o.crew_id
where $1::integer is null or o.id = $1
order by o.active desc, array_position(array['administrator', 'supervisor', 'operator', 'manager', 'crew'], o.role), o.name, o.id

-- name: companies
select id, name from companies order by name

-- name: crews
select w.id, w.name, w.company_id, c.name as company
from crews w
join companies c on c.id = w.company_id
where w.active
order by c.name, w.name

-- name: add
insert into operators (login, name, role, company_id, crew_id, language) values ($1, $2, $3, $4, $5, $6)
on conflict (login) do nothing
returning id

-- Whether there has never been an administrator: none can be removed, and none blocks the own access.
-- name: no_administrator
select not exists (select from operators where role = 'administrator')

-- Of two who use the link at the same time the second waits.
-- name: one_first_administrator
select pg_advisory_xact_lock(hashtextextended('first administrator', 0))

-- name: change
update operators set name = $2, role = $3, company_id = $4, crew_id = $5 where id = $1

-- name: lock
select id, login, name, role, company_id, crew_id, active, endpoint, node, extension from operators where id = $1 for update

-- name: set_active
update operators set active = $2 where id = $1

-- name: set_telephone
update operators set endpoint = $2, sip_secret = $3, node = $4, sip_version = sip_version + 1 where id = $1

-- name: set_extension
update operators set extension = $2 where id = $1

-- name: company_numbers
select number from numbers

-- name: take_telephone
update operators set endpoint = null, sip_secret = null, node = null where id = $1

-- name: forget_password
update operators set password_hash = null where id = $1

-- Invitations.

-- name: withdraw
delete from invitations where operator_id = $1

-- name: invite
insert into invitations (token_hash, operator_id, expires_at) values ($1, $2, now() + $3::interval)

-- name: invited
select o.id, o.login, o.name, o.role, o.language, o.endpoint, o.company_id
from invitations i
join operators o on o.id = i.operator_id
where i.token_hash = $1 and i.used_at is null and i.expires_at > now() and o.active

-- name: use
update invitations set used_at = now()
where token_hash = $1 and used_at is null and expires_at > now()
returning operator_id

-- name: by_login
select id, role, active from operators where login = $1
