-- needs: reports

-- What is counted of the calls that came in a time, once from the calls themselves. A call belongs to the day in which it came.

-- By outcome. In time is who was answered within five minutes (decree 416).
create or replace function outcomes_of_calls(company integer, start timestamptz, until timestamptz)
    returns table (outcome text, calls bigint, in_time bigint, waited bigint, wait_s double precision,
                   longest_s double precision, talk_s double precision)
    language sql stable as $$
    select c.outcome, count(*),
           count(*) filter (where c.outcome = 'answered' and c.answered_at - c.arrived_at <= interval '5 minutes'),
           count(c.wait_s), coalesce(sum(c.wait_s), 0), coalesce(max(c.wait_s), 0), coalesce(sum(c.talk_s), 0)
    from calls_that_came(company, start, until) c
    group by c.outcome
$$;

-- By hour of the week in that zone, from Monday's midnight.
create or replace function hours_of_calls(company integer, zone text, start timestamptz, until timestamptz)
    returns table (hour integer, calls bigint, answered bigint, informed bigint, early bigint, in_time bigint, waited bigint,
                   wait_s double precision, longest_s double precision, talk_s double precision)
    language sql stable as $$
    select (extract(isodow from c.arrived_at at time zone zone)::integer - 1) * 24
               + extract(hour from c.arrived_at at time zone zone)::integer,
           count(*), count(*) filter (where c.outcome = 'answered'), count(*) filter (where c.outcome = 'informed'),
           count(*) filter (where c.outcome = 'hung_up_early'),
           count(*) filter (where c.outcome = 'answered' and c.answered_at - c.arrived_at <= interval '5 minutes'),
           count(c.wait_s), coalesce(sum(c.wait_s), 0), coalesce(max(c.wait_s), 0),
           coalesce(sum(c.talk_s) filter (where c.outcome = 'answered'), 0)
    from calls_that_came(company, start, until) c
    group by 1
$$;

-- By operator: each talk counts for its own, of a call that was handed on several; and what they needed after talks, also after
-- those of calls out. A clock that was set back meanwhile makes nothing of a time, not less.
create or replace function operators_of_calls(company integer, start timestamptz, until timestamptz)
    returns table (operator_id integer, talks bigint, talk_s double precision, wrap_ups bigint, wrap_up_s double precision)
    language sql stable as $$
    select n.operator_id, sum(n.talk)::bigint, coalesce(sum(n.talk_s), 0), sum(n.wrap_up)::bigint, coalesce(sum(n.wrap_up_s), 0)
    from (
        select t.operator_id, 1 as talk, greatest(t.talk_s, 0) as talk_s, 0 as wrap_up, null::double precision as wrap_up_s
        from calls_that_came(company, start, until) c
        join talks t on t.call_id = c.id and t.kind <> 'consultation' and t.operator_id is not null
        union all
        select w.operator_id, 0, null, 1, greatest(extract(epoch from w.ended_at - w.began_at)::double precision, 0)
        from calls c join wrap_ups w on w.call_id = c.id
        where c.company_id = company and c.arrived_at >= start and c.arrived_at < until and c.state = 'ended' and not c.imported
    ) n
    group by n.operator_id
$$;

-- The tallies that together count a period's days once: of its whole months where there are some, else of its days.
create or replace function tallies_within(company integer, period daterange)
    returns table (first date, last date) language sql stable as $$
    select t.first, t.last from call_tallies t
    where t.company_id = company and t.first >= lower(period) and t.last < upper(period)
        and (t.last > t.first or not exists (
            select from call_tallies m
            where m.company_id = company and m.last > m.first and m.first >= lower(period) and m.last < upper(period)
                and m.first = date_trunc('month', t.first)::date))
$$;

-- The times of a period that are not in the days which tallies count.
create or replace function untallied_within(company integer, period daterange, tallied datemultirange)
    returns table (zone text, start timestamptz, until timestamptz) language sql stable as $$
    select c.zone, lower(r)::timestamp at time zone c.zone, upper(r)::timestamp at time zone c.zone
    from companies c cross join lateral unnest(datemultirange(period) - tallied) r
    where c.id = company
$$;

-- Count what is missing of a company's month: each day that ended at least a day ago, and the month when all of it did.
create or replace function tally_month(company integer, month date) returns void language plpgsql as $$
declare
    here text;
    ends date := month + interval '1 month';
begin
    perform pg_advisory_xact_lock(hashtext('call tallies'));
    select zone into strict here from companies where id = company;
    with closed as (
        insert into call_tallies (company_id, first, last)
        select company, d, d
        from generate_series(month, least(ends, ((now() - interval '1 day') at time zone here)::date) - 1, interval '1 day') s (day)
        cross join lateral (select s.day::date) n (d)
        on conflict do nothing returning first
    ), days as (
        select first, first::timestamp at time zone here as start, (first + 1)::timestamp at time zone here as until from closed
    ), outcomes as (
        insert into tally_outcomes
        select company, d.first, d.first, n.* from days d cross join lateral outcomes_of_calls(company, d.start, d.until) n
    ), hours as (
        insert into tally_hours
        select company, d.first, d.first, n.* from days d cross join lateral hours_of_calls(company, here, d.start, d.until) n
    )
    insert into tally_operators
    select company, d.first, d.first, n.* from days d cross join lateral operators_of_calls(company, d.start, d.until) n;

    insert into call_tallies (company_id, first, last)
    select company, month, ends - 1
    where (select count(*) from call_tallies where company_id = company and first = last and first >= month and first < ends)
        = ends - month
    on conflict do nothing;
    if found then
        insert into tally_outcomes
        select company, month, ends - 1, n.outcome, sum(n.calls), sum(n.in_time), sum(n.waited), sum(n.wait_s), max(n.longest_s),
               sum(n.talk_s)
        from tally_outcomes n where n.company_id = company and n.first = n.last and n.first >= month and n.first < ends
        group by n.outcome;
        insert into tally_hours
        select company, month, ends - 1, n.hour, sum(n.calls), sum(n.answered), sum(n.informed), sum(n.early), sum(n.in_time),
               sum(n.waited), sum(n.wait_s), max(n.longest_s), sum(n.talk_s)
        from tally_hours n where n.company_id = company and n.first = n.last and n.first >= month and n.first < ends
        group by n.hour;
        insert into tally_operators
        select company, month, ends - 1, n.operator_id, sum(n.talks), sum(n.talk_s), sum(n.wrap_ups), sum(n.wrap_up_s)
        from tally_operators n where n.company_id = company and n.first = n.last and n.first >= month and n.first < ends
        group by n.operator_id;
    end if;
end $$;

-- Drop the tallies of the day, and of the month, in which a call came: something of it is known late. What is only removed, as
-- personal data are, stays counted. A day is counted a day after its end at the earliest, and what is written of calls that came
-- within the last twelve hours is not looked at here: it is no late fact, and the writing of calls pays nothing for it.
create or replace function untally(company integer, at timestamptz) returns void language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtext('call tallies'));
    delete from call_tallies t using companies c
    where c.id = company and t.company_id = company and (at at time zone c.zone)::date between t.first and t.last;
end $$;

create or replace function untally_call() returns trigger language plpgsql as $$
begin
    perform untally(new.company_id, new.arrived_at);
    if tg_op = 'UPDATE' then
        perform untally(old.company_id, old.arrived_at);
    end if;
    return null;
end $$;
create or replace trigger late_call after insert on calls for each row
    when (new.arrived_at < now() - interval '12 hours' and new.state = 'ended' and not new.imported)
    execute function untally_call();
create or replace trigger later_call after update on calls for each row
    when (least(old.arrived_at, new.arrived_at) < now() - interval '12 hours'
        and (old.company_id is distinct from new.company_id or old.arrived_at is distinct from new.arrived_at
            or old.answered_at is distinct from new.answered_at or old.state is distinct from new.state
            or old.outcome is distinct from new.outcome or old.direction is distinct from new.direction
            or old.imported is distinct from new.imported or old.wait_s is distinct from new.wait_s
            or old.talk_s is distinct from new.talk_s))
    execute function untally_call();

-- Of a talk, or of the time after it.
create or replace function untally_talk() returns trigger language plpgsql as $$
begin
    perform untally(company_id, arrived_at) from calls where id = new.call_id and not imported;
    return null;
end $$;
create or replace trigger late_talk after insert on talks for each row
    when (new.began_at < now() - interval '12 hours') execute function untally_talk();
create or replace trigger later_talk after update on talks for each row
    when (new.began_at < now() - interval '12 hours'
        and (old.operator_id is distinct from new.operator_id or old.kind is distinct from new.kind
            or old.began_at is distinct from new.began_at or old.ended_at is distinct from new.ended_at))
    execute function untally_talk();
create or replace trigger late_wrap_up after insert on wrap_ups for each row
    when (new.began_at < now() - interval '12 hours') execute function untally_talk();

-- Its days are others in another zone.
create or replace function untally_company() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtext('call tallies'));
    delete from call_tallies where company_id = new.id;
    return null;
end $$;
create or replace trigger other_days after update on companies for each row
    when (old.zone <> new.zone) execute function untally_company();
