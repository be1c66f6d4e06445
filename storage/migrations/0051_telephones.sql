-- Telephones: talks whose telephone vanished, short numbers, links by which one is set up.

alter table calls drop constraint calls_ended_by_check;
alter table calls add constraint calls_ended_by_check
    check (ended_by in ('caller', 'operator', 'transfer', 'system', 'network'));
alter table talks drop constraint talks_ended_by_check;
alter table talks add constraint talks_ended_by_check
    check (ended_by in ('caller', 'operator', 'transfer', 'system', 'network'));

alter table operators add extension text unique check (extension ~ '^[0-9]{2,5}$');
comment on column operators.extension is 'The short number by which colleagues call and transfer.';

-- Each shows the account of a telephone once.
create table telephone_links (
    token_hash  bytea primary key,
    operator_id integer not null references operators on delete cascade,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null,
    used_at     timestamptz
);
create index on telephone_links (operator_id);
-- Nothing of it is for a company's people: no grant, and no policy either.
alter table telephone_links enable row level security;
