-- People who work here: logging in, sessions, their own accounts.

-- name: login
select id, login, name, role, language, endpoint, company_id, active, password_hash, totp_secret
from operators
where login = $1

-- Whoever counts attempts at one of the subjects $1 waits for those who do so already.
-- name: lock_attempts
select pg_advisory_xact_lock(hashtext('login_attempts'), key)
from (select distinct hashtext(subject) as key from unnest($1::text[]) subject order by 1) keys

-- Count an attempt for each subject in $1, whose turn comes after the interval beside it in $3; delete those older than $2.
-- name: attempt
with forgotten as (
    delete from login_attempts where at < now() - $2::interval
)
insert into login_attempts (subject, at)
select subject, clock_timestamp() + wait::interval from unnest($1::text[], $3::text[]) as turns (subject, wait)
returning id

-- name: attempts
select subject, count(*) as attempts, max(at) - clock_timestamp() as newest
from login_attempts
where subject = any($1::text[]) and at > now() - $2::interval
group by subject

-- Take back the attempts $1, and delete all of the subjects $2.
-- name: forgive
delete from login_attempts where id = any($1::bigint[]) or subject = any($2::text[])

-- A session for $3 at most, which ends earlier when it is not used for $6. One that has ended is kept for a talk that began
-- in it.
-- name: open_session
with expired as (
    delete from sessions where expires_at < now() - interval '12 hours'
)
insert into sessions (token_hash, operator_id, ends_at, expires_at, address, browser)
values ($1, $2, now() + $3::interval, now() + least($3::interval, $6::interval), $4, $5)

-- name: session
select o.id, o.login, o.name, o.role, o.language, o.endpoint, o.company_id,
       s.seen_at < now() - interval '1 minute' as seen_long_ago
from sessions s
join operators o on o.id = s.operator_id
where s.token_hash = $1 and s.expires_at > now() and o.active

-- name: seen
update sessions set seen_at = now(), expires_at = least(ends_at, now() + $2::interval) where token_hash = $1

-- name: close_session
delete from sessions s using operators o where s.token_hash = $1 and o.id = s.operator_id
returning o.id, o.login, o.name, o.role, o.language, o.endpoint, o.company_id

-- name: language
update operators set language = $2 where id = $1

-- The second step of logging in.

-- name: ask_code
with expired as (
    delete from pending_logins where expires_at < now()
)
insert into pending_logins (token_hash, operator_id, expires_at) values ($1, $2, now() + $3::interval)

-- name: waiting_for_code
select o.id, o.login, o.name, o.role, o.language, o.endpoint, o.company_id, o.totp_secret, o.totp_step
from pending_logins p
join operators o on o.id = p.operator_id
where p.token_hash = $1 and p.expires_at > now() and o.active and o.totp_secret is not null

-- Accept the code of the step $2, unless it or a later one was used before.
-- name: take_step
update operators set totp_step = $2 where id = $1 and coalesce(totp_step, -1) < $2 returning id

-- name: code_given
delete from pending_logins where operator_id = $1

-- One's own account.

-- name: sessions
select id, created_at, seen_at, address, browser, token_hash = $2 as own
from sessions
where operator_id = $1 and expires_at > now()
order by own desc, seen_at desc

-- name: end_session
delete from sessions where id = $2 and operator_id = $1 returning id

-- End every session of the person $1 but the one with the token $2, if any.
-- name: end_sessions
delete from sessions where operator_id = $1 and token_hash is distinct from $2 returning id

-- name: secrets
select login, password_hash, totp_secret, totp_pending, totp_step from operators where id = $1

-- name: set_password
update operators set password_hash = $2 where id = $1

-- What others try first as the password of the person $1: the own name, and those of the companies.
-- name: names_around
select name from operators where id = $1
union all
select c.name from companies c join operators o on o.id = $1 where o.company_id is null or o.company_id = c.id

-- name: begin_code
update operators set totp_pending = $2 where id = $1 and totp_secret is null returning id

-- name: confirm_code
update operators set totp_secret = totp_pending, totp_pending = null, totp_step = $3
where id = $1 and totp_pending = $2
returning id

-- name: remove_code
with useless as (
    delete from recovery_codes where operator_id = $1
)
update operators set totp_secret = null, totp_pending = null, totp_step = null
where id = $1 and (totp_secret is not null or totp_pending is not null)
returning id

-- Whether codes are on; nobody else changes that, or the recovery codes, meanwhile.
-- name: codes_on
select totp_secret is not null from operators where id = $1 for update

-- The recovery codes of the person $1 from now on.
-- name: set_recovery_codes
with earlier as (
    delete from recovery_codes where operator_id = $1
)
insert into recovery_codes (code_hash, operator_id) select code_hash, $1 from unnest($2::bytea[]) as made (code_hash)

-- name: recovery_codes_left
select count(*) from recovery_codes where operator_id = $1 and used_at is null

-- name: take_recovery_code
update recovery_codes set used_at = now() where operator_id = $1 and code_hash = $2 and used_at is null returning operator_id
