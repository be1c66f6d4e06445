-- Reports of the calls that came in and are over. $1 to $4 as in reports.sql; a call belongs to the step in which it came.

-- By step, by hour of the week from Monday's midnight, by company, by outcome. In time is who was answered within $5 seconds of
-- coming. Two plain groupings, which PostgreSQL divides among its processes, and of their few rows the rest: all at once it
-- does not divide, and an hour in a zone costs more than a call. An hour of ours is one of a zone that differs by whole hours.
-- name: summary
with given as not materialized (
    select s.company_id, k.name, k.zone, array_agg(s.start order by s.start) as starts,
           array_agg(s.step order by s.start) as steps, max(s.until) as until,
           case extract(minute from now() at time zone k.zone - now() at time zone 'UTC') when 0 then interval '1 hour'
               else interval '15 minutes' end as bin
    from unnest($1::integer[], $2::integer[], $3::timestamptz[], $4::timestamptz[]) s (company_id, step, start, until)
    join companies k on k.id = s.company_id
    group by s.company_id, k.name, k.zone
), came as not materialized (
    select g.company_id, g.name, g.zone, g.bin, g.starts, g.steps, c.arrived_at, c.outcome, c.wait_s, c.talk_s,
           c.outcome = 'answered' and c.answered_at - c.arrived_at <= make_interval(secs => $5) as in_time
    from calls c join given g on g.company_id = c.company_id and c.arrived_at >= g.starts[1] and c.arrived_at < g.until
    where c.company_id = any($1) and c.arrived_at >= (select min(s) from unnest($3::timestamptz[]) s)
        and c.arrived_at < (select max(u) from unnest($4::timestamptz[]) u)
        and c.state = 'ended' and c.direction = 'in' and not c.imported
), by_step as (
    select company_id, name, steps[width_bucket(arrived_at, starts)] as step, outcome, count(*) as calls, count(*) filter (where in_time) as in_time, sum(wait_s) as wait_s,
           count(wait_s) as waited, max(wait_s) as longest_s, sum(talk_s) as talk_s
    from came group by 1, 2, 3, 4
), by_hour as (
    select zone, date_bin(bin, arrived_at, 'epoch') as began, outcome, count(*) as calls, count(*) filter (where in_time) as in_time, sum(wait_s) as wait_s,
           count(wait_s) as waited, max(wait_s) as longest_s, sum(talk_s) as talk_s
    from came group by 1, 2, 3
), each as (
    select 'steps' as of, company_id, name, step, null::integer as hour, outcome, calls, in_time, wait_s, waited, longest_s, talk_s
    from by_step
    union all
    select 'hours', null, null, null,
           (extract(isodow from began at time zone zone)::integer - 1) * 24 + extract(hour from began at time zone zone)::integer,
           outcome, calls, in_time, wait_s, waited, longest_s, talk_s
    from by_hour
)
select case 0 when grouping(step) then 'step' when grouping(hour) then 'hour' when grouping(name) then 'company'
            else 'outcome' end as part,
       step, hour, name, outcome, sum(calls)::bigint as calls,
       coalesce(sum(calls) filter (where outcome = 'answered'), 0)::bigint as answered,
       coalesce(sum(calls) filter (where outcome = 'informed'), 0)::bigint as informed,
       coalesce(sum(calls) filter (where outcome = 'hung_up_early'), 0)::bigint as early,
       sum(in_time)::bigint as in_time,
       coalesce(sum(wait_s), 0) as wait_s, sum(waited)::bigint as waited, coalesce(max(longest_s), 0) as longest_s,
       coalesce(sum(talk_s) filter (where outcome = 'answered'), 0) as talk_s
from each
group by grouping sets ((of, step), (of, hour), (of, company_id, name), (of, outcome))
having of = case when grouping(hour) = 0 then 'hours' else 'steps' end
order by part, step, hour, calls desc, name, outcome

-- Each talk counts for its operator, of a call that was handed on several; with what they needed after talks.
-- name: by_operator
with talked as (
    select t.operator_id, count(*) as talks, sum(extract(epoch from t.ended_at - t.began_at))::double precision as talk_s
    from unnest($1::integer[], $2::integer[], $3::timestamptz[], $4::timestamptz[]) s (company_id, step, start, until)
    cross join lateral calls_that_came(s.company_id, s.start, s.until) c
    join talks t on t.call_id = c.id and t.kind <> 'consultation' and t.operator_id is not null
    group by 1
), wrapped as (
    select w.operator_id, count(*) as wrap_ups, sum(extract(epoch from w.ended_at - w.began_at))::double precision as wrap_up_s
    from wrap_ups w join calls c on c.id = w.call_id
    where c.company_id = any($1::integer[]) and w.began_at >= (select min(s) from unnest($3::timestamptz[]) s)
      and w.began_at < (select max(u) from unnest($4::timestamptz[]) u)
    group by 1
)
select coalesce(o.name, '') as name, t.talks, t.talk_s, coalesce(w.wrap_ups, 0) as wrap_ups, w.wrap_up_s
from talked t left join wrapped w using (operator_id) left join operators o on o.id = t.operator_id
order by t.talks desc, name

-- Who hung up without being served, the newest $5, and what became of each within three days: the first call after it in
-- which they were helped, the first of ours to them, the ticket.
-- name: unserved
with lost as (
    select c.id, c.company_id, c.arrived_at, c.caller, c.outcome, c.wait_s
    from unnest($1::integer[], $2::integer[], $3::timestamptz[], $4::timestamptz[]) s (company_id, step, start, until)
    cross join lateral calls_that_came(s.company_id, s.start, s.until) c
    where c.outcome in ('abandoned', 'timed_out', 'hung_up_early', 'interrupted')
    order by c.arrived_at desc limit $5
)
select c.arrived_at, c.caller, c.outcome, c.wait_s, k.name as company, again.arrived_at as again_at,
       again.outcome as again, back.arrived_at as back_at, back.outcome as back, coalesce(own.number, t.number) as ticket
from lost c
join companies k on k.id = c.company_id
left join lateral (
    select l.id, l.arrived_at, l.outcome from calls l
    where c.caller <> '' and l.caller = c.caller and l.arrived_at > c.arrived_at
        and l.arrived_at < c.arrived_at + interval '3 days' and l.direction = 'in' and l.company_id = c.company_id
        and l.outcome in ('answered', 'informed')
    order by l.arrived_at limit 1
) again on true
left join lateral (
    select o.id, o.arrived_at, o.outcome from calls o
    where c.caller <> '' and o.caller = c.caller and o.arrived_at > c.arrived_at
        and o.arrived_at < c.arrived_at + interval '3 days' and o.direction = 'out' and o.state = 'ended'
    order by o.outcome <> 'answered', o.arrived_at limit 1
) back on true
left join tickets own on own.call_id = c.id
left join lateral (
    select t.number from tickets t where t.call_id in (again.id, back.id) order by t.id limit 1
) t on true
order by c.arrived_at desc
