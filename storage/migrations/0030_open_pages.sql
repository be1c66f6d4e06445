-- When an operator's page was last open: the page itself says so again and again. A row that is no longer renewed is one of
-- a page that is gone; whoever never had one (a telephone that is on the line without a page) has no row.
create table open_pages (
    operator_id integer primary key references operators on delete cascade,
    seen_at     timestamptz not null default now()
);
-- Nothing of it is for a company's people: no grant, and no policy either.
alter table open_pages enable row level security;

alter table presence add reason text check (reason <> '');
comment on column presence.reason is 'Why it is so, where the operator did not ask for it.';
