-- name: telephone
select endpoint, node from operators where id = $1 and active and endpoint like 'web-%';

-- name: lock
select endpoint, sip_secret, node from operators where id = $1 and active and endpoint like 'web-%' for update;

-- name: set_secret
update operators set sip_secret = $2, sip_version = sip_version + 1 where id = $1;

-- name: telephones
-- Of everybody, or of the person $1, with their sessions. A session that ended by its time, and by nobody's wish, counts as
-- long as the person talks: it must not cost a caller the operator.
select id, endpoint, sip_secret,
    array(
        select token_hash from sessions s
        where s.operator_id = o.id and (s.expires_at > now() or exists(
            select from talks t
            where t.operator_id = o.id and t.ended_at is null and t.began_at > now() - interval '12 hours'
        ))
    ) as sessions
from operators o
where endpoint like 'web-%' and ($1::integer is null or id = $1)
order by id
for update;

-- name: colleagues
-- To whom the person $1 can transfer a call.
select id, name, endpoint from operators where active and endpoint is not null and id <> $1 order by name, id;

-- name: outside
-- Crews and responsible persons.
select name, phone from crews where active and phone is not null
union select name, phone from responsibles where active and phone is not null order by name, phone;

-- name: push
select push($1::jsonb);

-- name: lead
-- Only one process looks for telephones to close.
select pg_try_advisory_lock(hashtext('browser telephones'));
