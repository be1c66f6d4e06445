-- For how many months personal data is kept, by company and kind; without a row, until somebody says so. Without a company: what
-- belongs to none, such as logins and calls to a number that nobody has.
create table keeping_terms (
    company_id integer references companies,
    kind       text not null check (kind in ('links', 'tickets', 'calls', 'residents', 'audit')),
    months     integer not null check (months between 1 and 1200),
    set_by     integer references operators on delete set null,
    set_at     timestamptz not null default now(),
    unique nulls not distinct (company_id, kind)
);
alter table keeping_terms enable row level security;

-- Removals of one company's personal data. `terms`: of each kind the months and up to which moment; `removed`, `left_behind`: how
-- many of what, and why those are still there; `entry`: the report in the company's custody chain.
create table keeping_runs (
    id          bigint generated always as identity primary key,
    company_id  integer references companies,
    day         date not null,
    began_at    timestamptz not null default now(),
    finished_at timestamptz,
    terms       jsonb not null,
    removed     jsonb not null default '{}',
    left_behind jsonb not null default '{}',
    entry       bigint
);
create unique index on keeping_runs (company_id) nulls not distinct where finished_at is null;
create index on keeping_runs (company_id, day desc, id desc);
alter table keeping_runs enable row level security;

-- When the personal part of a row was removed; those without are what is looked through.
alter table calls add column forgotten_at timestamptz;
create index on calls (coalesce(company_id, 0), arrived_at) where forgotten_at is null and state = 'ended';
create index on calls (resident_id) where resident_id is not null;
alter table tickets add column forgotten_at timestamptz;
create index on tickets (company_id, coalesce(closed_at, updated_at))
    where forgotten_at is null and state in ('closed', 'cancelled');
create index on tickets (resident_id) where resident_id is not null;
alter table share_links add column forgotten_at timestamptz;
create index on audit_log (coalesce(company_id, 0), at) where address <> '';

create index on phone_candidates (call_id);

-- Since when a resident does not live there any more.
alter table residents add column left_at timestamptz;
create index on residents (left_at) where left_at is not null;

-- An entry whose text was removed keeps its content, which is the hash of the text: by it the chain is followed as before.
alter table ledger_entries
    alter column entry drop not null,
    add column content bytea check (length(content) = 32),
    add constraint ledger_entries_text_or_content check (num_nonnulls(entry, content) = 1);
