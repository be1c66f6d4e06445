-- Counting the calls of closed days.

-- Only one process counts.
-- name: lead
select pg_try_advisory_lock(hashtext('tallying calls'));

-- The months of companies of which something closed is not counted, the newest first.
-- name: missing
select c.id as company, m.month::date as month
from companies c
cross join lateral (select (now() - interval '1 day') at time zone c.zone as until) closed
cross join lateral (
    select min(arrived_at) at time zone c.zone as at from calls
    where company_id = c.id and state = 'ended'
) first
cross join lateral generate_series(date_trunc('month', first.at), closed.until, interval '1 month') m (month)
cross join lateral (
    select count(*) filter (where t.first = t.last) as days, count(*) filter (where t.first < t.last) as months
    from call_tallies t where t.company_id = c.id and t.first >= m.month and t.first < m.month + interval '1 month'
) tallied
where tallied.days < least((m.month + interval '1 month')::date, closed.until::date) - m.month::date
    or tallied.months = 0 and m.month + interval '1 month' <= closed.until
order by m.month desc, c.id;

-- name: tally
select tally_month($1, $2);
