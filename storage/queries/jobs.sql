-- What PgQueuer remembers of jobs that are over, and never forgets by itself.

-- name: forget
with log as (
    delete from pgqueuer_log where created < now() - $1::interval
)
delete from pgqueuer_statistics where created < now() - $1::interval
