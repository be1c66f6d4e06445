-- needs: access

-- How often the managers logged in or viewed something. Of the audit log people of one company may read only this.
create or replace function manager_visits(companies integer[], steps integer[], starts timestamptz[], untils timestamptz[])
    returns table (step integer, operator_id integer, logins bigint, views bigint, last_at timestamptz)
    language sql stable security definer set search_path from current as $$
    select s.step, o.id, l.logins, l.views, l.last_at
    from unnest(companies, steps, starts, untils) s (company_id, step, start, until)
    join operators o on o.company_id = s.company_id and o.role = 'manager'
    cross join lateral (
        select count(*) filter (where a.action = 'logged in') as logins,
               count(*) filter (where a.action like 'viewed %' or a.action like 'listened %') as views,
               max(a.at) filter (
                   where a.action = 'logged in' or a.action like 'viewed %' or a.action like 'listened %') as last_at
        from audit_log a
        where a.operator_id = o.id and a.at >= s.start and a.at < s.until
    ) l
    where (my_company() is null or o.company_id = my_company())
$$;
revoke execute on function manager_visits from public;
grant execute on function manager_visits to callcenter_company, callcenter_runtime;

-- A company's calls that came in this time and are over, as far as whoever asks may see them.
create or replace function calls_that_came(company integer, start timestamptz, until timestamptz)
    returns setof calls language sql stable as $$
    select * from calls
    where company_id = company and arrived_at >= start and arrived_at < until
        and state = 'ended' and direction = 'in' and not imported
$$;
