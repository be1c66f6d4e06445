-- Sheets that were looked through and wait for their owner to have them imported.

-- name: keep
with old as (delete from directory_uploads where at < now() - interval '1 hour' or operator_id = $1)
insert into directory_uploads (operator_id, name, body) values ($1, $2, $3) returning id

-- name: upload
select name, body from directory_uploads where id = $1 and operator_id = $2 and at > now() - interval '1 hour'

-- name: forget
delete from directory_uploads where id = $1 and operator_id = $2
