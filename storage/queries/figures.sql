-- What Prometheus is told of the database.

-- Only one process counts.
-- name: lead
select pg_try_advisory_lock(hashtext('figures'));

-- name: outages
select state, count(*) as count from outages where finished_at is null group by state;

-- Messages that wait to be sent again, and those that were given up, of both kinds.
-- name: messages
select 'crew' as kind, state, count(*) as count from deliveries
where state in ('waiting', 'dead') and attempts > 0 group by state
union all
select 'outage', state, count(*) from outage_notices
where state in ('waiting', 'dead') and attempts > 0 group by state;
