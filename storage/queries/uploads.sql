-- Sheets that were looked through and wait for their owner to have them imported.

-- name: keep
with old as (delete from directory_uploads where at < now() - interval '1 hour' or operator_id = $1)
insert into directory_uploads (operator_id, name, body, choices) values ($1, $2, $3, $4) returning id

-- name: upload
select name, body, choices from directory_uploads where id = $1 and operator_id = $2 and at > now() - interval '1 hour'

-- name: choose
update directory_uploads set choices = $3 where id = $1 and operator_id = $2

-- name: forget
delete from directory_uploads where id = $1 and operator_id = $2
