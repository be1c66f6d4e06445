-- Reports of the calls that came in and are over. Each gets a list of steps: of which company ($1), which step of the period ($2),
-- its first ($3) and its last day ($4) in the company's zone; a call belongs to the step in which it came. Closed days are
-- counted already (functions/tallies.sql), in whole months where the step, or the period, has some; the rest is counted now.

-- By step, by company, by outcome; by hour of the week from Monday's midnight.
-- name: summary
with asked as materialized (
    select s.company_id, s.step, daterange(s.first, s.last, '[]') as days
    from unnest($1::integer[], $2::integer[], $3::date[], $4::date[]) s (company_id, step, first, last)
), whole as materialized (
    select company_id, daterange(min(lower(days)), max(upper(days))) as days from asked group by company_id
), by_step as (
    select a.company_id, a.step, n.outcome, n.calls, n.in_time, n.waited, n.wait_s, n.longest_s, n.talk_s
    from asked a cross join lateral tallies_within(a.company_id, a.days) t
    join tally_outcomes n on n.company_id = a.company_id and n.first = t.first and n.last = t.last
    union all
    select a.company_id, a.step, n.*
    from asked a cross join lateral untallied_within(a.company_id, a.days) u
    cross join lateral outcomes_of_calls(a.company_id, u.start, u.until) n
), by_hour as (
    select n.hour, n.calls, n.answered, n.informed, n.early, n.in_time, n.waited, n.wait_s, n.longest_s, n.talk_s
    from whole w cross join lateral tallies_within(w.company_id, w.days) t
    join tally_hours n on n.company_id = w.company_id and n.first = t.first and n.last = t.last
    union all
    select n.*
    from whole w cross join lateral untallied_within(w.company_id, w.days) u
    cross join lateral hours_of_calls(w.company_id, u.zone, u.start, u.until) n
)
select case 0 when grouping(b.step) then 'step' when grouping(k.name) then 'company' else 'outcome' end as part,
       b.step, null::integer as hour, k.name, b.outcome, sum(b.calls)::bigint as calls,
       coalesce(sum(b.calls) filter (where b.outcome = 'answered'), 0)::bigint as answered,
       coalesce(sum(b.calls) filter (where b.outcome = 'informed'), 0)::bigint as informed,
       coalesce(sum(b.calls) filter (where b.outcome = 'hung_up_early'), 0)::bigint as early,
       sum(b.in_time)::bigint as in_time, sum(b.wait_s) as wait_s, sum(b.waited)::bigint as waited, max(b.longest_s) as longest_s,
       coalesce(sum(b.talk_s) filter (where b.outcome = 'answered'), 0) as talk_s
from by_step b join companies k on k.id = b.company_id
group by grouping sets ((b.step), (b.company_id, k.name), (b.outcome))
union all
select 'hour', null, hour, null, null, sum(calls)::bigint, sum(answered)::bigint, sum(informed)::bigint, sum(early)::bigint,
       sum(in_time)::bigint, sum(wait_s), sum(waited)::bigint, max(longest_s), sum(talk_s)
from by_hour group by hour
order by part, step, hour, calls desc, name, outcome

-- Each talk counts for its operator, of a call that was handed on several; with what they needed after talks.
-- name: by_operator
with asked as materialized (
    select s.company_id, daterange(min(s.first), max(s.last), '[]') as days
    from unnest($1::integer[], $2::integer[], $3::date[], $4::date[]) s (company_id, step, first, last)
    group by s.company_id
), each as (
    select n.operator_id, n.talks, n.talk_s, n.wrap_ups, n.wrap_up_s
    from asked a cross join lateral tallies_within(a.company_id, a.days) t
    join tally_operators n on n.company_id = a.company_id and n.first = t.first and n.last = t.last
    union all
    select n.*
    from asked a cross join lateral untallied_within(a.company_id, a.days) u
    cross join lateral operators_of_calls(a.company_id, u.start, u.until) n
)
select coalesce(o.name, '') as name, sum(e.talks)::bigint as talks, sum(e.talk_s) as talk_s,
       sum(e.wrap_ups)::bigint as wrap_ups, sum(e.wrap_up_s) as wrap_up_s
from each e left join operators o on o.id = e.operator_id
group by e.operator_id, o.name
having sum(e.talks) > 0
order by talks desc, name

-- $1 to $4 as in reports.sql: the last two are the times from and until when.
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
