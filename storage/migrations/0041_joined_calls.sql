-- Calls that an operator attached to a ticket that was open already: the ticket that was opened for the call itself is
-- cancelled, and the call is about the other one.
create table joined_calls (
    call_id     text primary key,
    ticket_id   bigint not null references tickets,
    operator_id integer references operators on delete set null,
    joined_at   timestamptz not null default now()
);
create index on joined_calls (ticket_id);
create index on joined_calls (operator_id);

alter table joined_calls enable row level security;
create policy own on joined_calls to callcenter_company using (exists (select from tickets t where t.id = ticket_id));
grant select on joined_calls to callcenter_company;
