-- PgQueuer's log of finished jobs, which it never deletes by itself.

-- name: forget
with log as (
    delete from pgqueuer_log where created < now() - $1::interval
)
delete from pgqueuer_statistics where created < now() - $1::interval
