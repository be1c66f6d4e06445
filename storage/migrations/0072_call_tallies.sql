-- Calls of closed days, counted once (docs/decisions/0029): what the reports of calls read instead of the calls. A tally is of one
-- day of the company, in its zone, or of a whole month. It can be deleted at any time: then the calls are read, and counted again.
create table call_tallies (
    company_id integer not null references companies,
    first      date not null,
    last       date not null check (last >= first),
    primary key (company_id, first, last)
);

create table tally_outcomes (
    company_id integer not null,
    first      date not null,
    last       date not null,
    outcome    text not null,
    calls      bigint not null,
    in_time    bigint not null,
    waited     bigint not null,
    wait_s     double precision not null,
    longest_s  double precision not null,
    talk_s     double precision not null,
    primary key (company_id, first, last, outcome),
    foreign key (company_id, first, last) references call_tallies on delete cascade
);

create table tally_hours (
    company_id integer not null,
    first      date not null,
    last       date not null,
    hour       integer not null,
    calls      bigint not null,
    answered   bigint not null,
    informed   bigint not null,
    early      bigint not null,
    in_time    bigint not null,
    waited     bigint not null,
    wait_s     double precision not null,
    longest_s  double precision not null,
    talk_s     double precision not null,
    primary key (company_id, first, last, hour),
    foreign key (company_id, first, last) references call_tallies on delete cascade
);
comment on column tally_hours.hour is 'Of the week: that from Monday''s midnight on is 0.';

create table tally_operators (
    company_id  integer not null,
    first       date not null,
    last        date not null,
    operator_id integer not null references operators,
    talks       bigint not null,
    talk_s      double precision not null,
    wrap_ups    bigint not null,
    wrap_up_s   double precision not null,
    primary key (company_id, first, last, operator_id),
    foreign key (company_id, first, last) references call_tallies on delete cascade
);

alter table call_tallies enable row level security;
create policy own on call_tallies to callcenter_company using (company_id = (select my_company()));
alter table tally_outcomes enable row level security;
create policy own on tally_outcomes to callcenter_company using (company_id = (select my_company()));
alter table tally_hours enable row level security;
create policy own on tally_hours to callcenter_company using (company_id = (select my_company()));
alter table tally_operators enable row level security;
create policy own on tally_operators to callcenter_company using (company_id = (select my_company()));
grant select on call_tallies, tally_outcomes, tally_hours, tally_operators to callcenter_company;
