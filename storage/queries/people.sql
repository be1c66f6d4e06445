-- People who work here: logins and sessions.

-- name: login
select id, login, name, role, language, endpoint, password_hash from operators where login = $1

-- Count an attempt for each subject in $1; forget those older than $2.
-- name: attempt
with forgotten as (
    delete from login_attempts where at < now() - $2::interval
)
insert into login_attempts (subject) select unnest($1::text[])

-- name: attempts
select subject, count(*) as attempts
from login_attempts
where subject = any($1::text[]) and at > now() - $2::interval
group by subject

-- name: forgive
delete from login_attempts where subject = any($1::text[])

-- name: open_session
with expired as (
    delete from sessions where expires_at < now()
)
insert into sessions (token_hash, operator_id, expires_at) values ($1, $2, now() + $3::interval)

-- name: session
select o.id, o.login, o.name, o.role, o.language, o.endpoint
from sessions s
join operators o on o.id = s.operator_id
where s.token_hash = $1 and s.expires_at > now()

-- name: close_session
delete from sessions where token_hash = $1

-- name: language
update operators set language = $2 where id = $1
