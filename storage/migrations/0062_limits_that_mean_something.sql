-- What is due of a ticket that nobody has given a category yet; and time that nobody could have used: the resident was not
-- at home, or wanted it later.
create table default_limits (
    company_id  integer not null references companies on delete cascade,
    step        text not null check (step in ('tell', 'localise', 'clear', 'repair')),
    minutes     integer not null check (minutes > 0),
    warn_before integer not null check (warn_before >= 0 and warn_before < minutes),
    primary key (company_id, step)
);
-- Decree 416: the number and the times are told at the latest half an hour after the registration.
insert into default_limits (company_id, step, minutes, warn_before) select id, 'tell', 30, 10 from companies;
alter table default_limits enable row level security;
create policy own on default_limits to callcenter_company using (company_id = my_company());
grant select on default_limits to callcenter_company;

alter table tickets add column waiting_since timestamptz, add column waited interval not null default '0',
    add column limits_from timestamptz;
comment on column tickets.waiting_since is 'Since when it waits for the resident; null when it does not.';
comment on column tickets.waited is 'For how long it waited before, by which its limits end later.';
comment on column tickets.limits_from is 'From when the limits count, when that is earlier than its opening.';
create index on tickets (waiting_since) where waiting_since is not null;
alter table ticket_deadlines add column held_at timestamptz;
comment on column ticket_deadlines.held_at is 'Since when the limit does not run, because the ticket waits for the resident.';

alter table ticket_events drop constraint ticket_events_kind_check, add constraint ticket_events_kind_check check (kind in (
    'opened', 'edited', 'moved', 'comment', 'file', 'told', 'localised', 'sent', 'called', 'linked', 'merged', 'waiting',
    'resumed'));
