-- Whom an operator is about to call, and about which ticket: written when the button is pressed, so that the call shows the
-- number of the ticket's company and is joined to that ticket.
create table planned_calls (
    operator_id integer primary key references operators on delete cascade,
    number      text not null,
    ticket_id   bigint not null references tickets on delete cascade,
    at          timestamptz not null default now()
);
create index on planned_calls (ticket_id);

-- Nothing of it is for a company's people: no grant, and no policy either.
alter table planned_calls enable row level security;

-- It is made again with one more argument, who calls (storage/functions/write_batch.sql).
drop function if exists join_ticket(text, integer, text, integer);
