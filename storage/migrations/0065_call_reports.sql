-- What the reports of calls read: a company's calls that are over, and how long operators needed after each talk.
create index calls_reports on calls (company_id, arrived_at)
    include (direction, outcome, operator_id, answered_at, wait_s, talk_s, imported) where state = 'ended';

create table wrap_ups (
    operator_id integer not null references operators,
    -- No foreign key: calls are to be partitioned by month (docs/decisions/0014).
    call_id     text not null,
    began_at    timestamptz not null,
    ended_at    timestamptz not null check (ended_at >= began_at),
    primary key (operator_id, began_at)
);
comment on table wrap_ups is 'The time after a talk in which an operator got no caller.';
create index wrap_ups_call_id_idx on wrap_ups (call_id);
alter table wrap_ups enable row level security;
create policy own on wrap_ups to callcenter_company
    using (exists (select from calls c where c.id = wrap_ups.call_id));
grant select on wrap_ups to callcenter_company;
