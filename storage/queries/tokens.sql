-- Tokens of programs.

-- name: make
insert into api_tokens (token_hash, operator_id, name, scopes, expires_at)
values ($1, $2, $3, $4, now() + $5::interval)
returning id

-- name: of_person
select id, name, scopes, created_at, expires_at, used_at
from api_tokens
where operator_id = $1
order by created_at desc, id desc

-- name: revoke
delete from api_tokens where id = $1 and operator_id = $2 returning name

-- name: revoke_all
delete from api_tokens where operator_id = $1 returning id

-- Count one use, in windows of a minute. `requests` is the number in this window, this one included.
-- name: use
update api_tokens t set
    used_at = now(),
    requests = case when t.window_start > now() - interval '1 minute' then t.requests + 1 else 1 end,
    window_start = case when t.window_start > now() - interval '1 minute' then t.window_start else now() end
from operators o
where t.token_hash = $1 and t.expires_at > now() and o.id = t.operator_id and o.active
returning t.id as token_id, t.scopes, t.requests,
    extract(epoch from t.window_start + interval '1 minute' - now()) as seconds_left,
    o.id, o.login, o.name, o.role, o.language, o.endpoint, o.company_id

-- name: forget_answers
delete from idempotency_keys where at < now() - $1::interval

-- name: kept_answer
select request_hash, status, body from idempotency_keys where token_id = $1 and key = $2

-- name: keep_answer
insert into idempotency_keys (token_id, key, request_hash, status, body) values ($1, $2, $3, $4, $5)
