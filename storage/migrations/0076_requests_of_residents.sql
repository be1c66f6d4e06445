-- Removals that a resident asked for: `removed` and `left_behind` as of a run, `entry` in the company's custody chain. The resident
-- is only a number: the row is gone.
create table keeping_requests (
    id          bigint generated always as identity primary key,
    company_id  integer references companies,
    resident_id integer not null,
    asked_at    timestamptz not null default now(),
    asked_by    integer references operators on delete set null,
    removed     jsonb not null,
    left_behind jsonb not null,
    entry       bigint
);
create index on keeping_requests (company_id, id desc);
alter table keeping_requests enable row level security;
