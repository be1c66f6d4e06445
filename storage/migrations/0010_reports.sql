-- Reports, and long exports.

-- What the reports ask of a ticket's deadlines, kept beside the ticket by the database itself, so that each report reads
-- one index and nothing else.
--   late_from     since when the ticket is late, or will be: the first limit that was missed or is not met yet
--   localised_at  when the damage was localised
alter table tickets add late_from timestamptz, add localised_at timestamptz;

create function keep_ticket_times() returns trigger language plpgsql as $$
declare
    ticket bigint := case when tg_op = 'DELETE' then old.ticket_id else new.ticket_id end;
begin
    -- Locked before it is looked at: of two that change deadlines of one ticket at a time the second sees what the first did.
    perform from tickets where id = ticket for update;
    update tickets t set late_from = d.late_from, localised_at = d.localised_at
    from (
        select min(due_at) filter (where met_at is null or met_at > due_at) as late_from,
               min(met_at) filter (where step = 'localise') as localised_at
        from ticket_deadlines where ticket_id = ticket
    ) d
    where t.id = ticket
      and (t.late_from, t.localised_at) is distinct from (d.late_from, d.localised_at);
    return null;
end $$;
create trigger times after insert or delete or update of due_at, met_at on ticket_deadlines
    for each row execute function keep_ticket_times();
update ticket_deadlines set met_at = met_at;

create index tickets_reports on tickets (company_id, opened_at) include (
    state, category_id, late_from, closed_at, payment, price
);
-- Emergencies are few among all, and their report asks for other things.
create index tickets_reactions on tickets (category_id, opened_at) include (
    company_id, house_id, crew_id, accepted_at, localised_at, done_at
) where state <> 'cancelled' and category_id is not null;

-- How often the managers looked in. The log itself stays closed to those of one company; of it they learn this much.
create function manager_visits(companies integer[], steps integer[], starts timestamptz[], untils timestamptz[])
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
grant execute on function manager_visits to callcenter_company;

-- The journal of a period as a file, made by a job while the person does something else. `company_id` null: of all companies.
create table exports (
    id          bigint generated always as identity primary key,
    operator_id integer not null references operators on delete cascade,
    company_id  integer references companies on delete cascade,
    first_day   date not null,
    last_day    date not null check (last_day >= first_day),
    format      text not null check (format in ('csv', 'xlsx')),
    language    text not null check (language in ('ru', 'en')),
    state       text not null default 'waiting' check (state in ('waiting', 'running', 'ready', 'failed')),
    attempts    integer not null default 0,
    written     integer not null default 0,
    expected    integer,
    object_key  text unique,
    size        bigint,
    asked_at    timestamptz not null default now(),
    ready_at    timestamptz,
    expires_at  timestamptz,
    check ((state = 'ready') = (ready_at is not null)),
    check (state <> 'ready' or (object_key is not null and size is not null and expires_at is not null))
);
create index on exports (operator_id, id desc);
create index on exports (id) where state in ('waiting', 'running');
alter table exports enable row level security;
create policy own on exports to callcenter_company using (company_id = my_company());
grant select on exports to callcenter_company;
