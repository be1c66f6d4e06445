-- Logging in with a second factor, limits that forget what was no failure, and rows that one company must not see.

-- One attempt, so that it can be taken back when it was none of guessing.
alter table login_attempts add id bigint generated always as identity primary key;

-- A secret that its owner has not confirmed yet, and the last step of time whose code was taken: no code is taken twice.
alter table operators add totp_pending text;
alter table operators add totp_step bigint;

-- The password was right, the code is still to come.
create table pending_logins (
    token_hash  bytea primary key,
    operator_id integer not null references operators on delete cascade,
    expires_at  timestamptz not null
);
create index on pending_logins (expires_at);

create index on sessions (operator_id);
create index on invitations (operator_id);
create index on audit_log (action, at desc);

-- People of the centre are known to every company, those of another company are not.
alter table operators enable row level security;
create policy own on operators to callcenter_company using (company_id is null or company_id = my_company());
alter table saved_filters enable row level security;
create policy own on saved_filters to callcenter_company
    using (exists (select from operators o where o.id = operator_id and o.company_id = my_company()));
-- Written, never read, by a company's people.
alter table audit_log enable row level security;
create policy own on audit_log for insert to callcenter_company
    with check (company_id is null or company_id = my_company());
-- Whose token it is may be known, so that the answer kept for it is one of the own company's.
grant select (id, operator_id) on api_tokens to callcenter_company;
alter table api_tokens enable row level security;
create policy own on api_tokens for select to callcenter_company
    using (exists (select from operators o where o.id = operator_id and o.company_id = my_company()));
alter table idempotency_keys enable row level security;
create policy own on idempotency_keys for insert to callcenter_company
    with check (exists (select from api_tokens t where t.id = token_id));
