-- What operators say on the card of a call: who calls, where from, that no ticket is needed.
create table call_cards (
    call_id     text primary key,
    resident_id integer references residents on delete set null,
    premises_id integer references premises on delete set null,
    house_id    integer references houses on delete set null,
    no_ticket   text check (no_ticket in ('wrong_number', 'silence', 'answered', 'advertising', 'other_company')),
    operator_id integer references operators on delete set null,
    settled_at  timestamptz not null default now()
);
create index on call_cards (resident_id);
create index on call_cards (premises_id);
create index on call_cards (house_id);
create index on call_cards (operator_id);

-- Tickets of a call beside the one that was opened for it: somebody called about two things.
create table further_tickets (
    ticket_id bigint primary key references tickets,
    call_id   text not null
);
create index on further_tickets (call_id);

-- What was typed into the card's form and is not saved yet.
create table filing_drafts (
    ticket_id   bigint not null references tickets,
    operator_id integer not null references operators on delete cascade,
    category_id integer references categories on delete set null,
    subject     text not null check (length(subject) <= 200),
    saved_at    timestamptz not null default now(),
    primary key (ticket_id, operator_id)
);
create index on filing_drafts (operator_id, saved_at);
create index on filing_drafts (category_id);

-- When an operator last said that it is this resident who calls from the number.
alter table resident_phones add column chosen_at timestamptz;
alter table residents add column note text not null default '' check (length(note) <= 1000);

alter table call_cards enable row level security;
create policy own on call_cards to callcenter_company using (exists (select from calls c where c.id = call_id));
grant select on call_cards to callcenter_company;
alter table further_tickets enable row level security;
create policy own on further_tickets to callcenter_company using (exists (select from tickets t where t.id = ticket_id));
grant select on further_tickets to callcenter_company;
alter table filing_drafts enable row level security;
