-- Sheets that were uploaded and looked through, until somebody applies them or an hour has passed.

create table directory_uploads (
    id          bigint generated always as identity primary key,
    operator_id integer not null references operators on delete cascade,
    name        text not null,
    body        bytea not null,
    at          timestamptz not null default now()
);

-- Lists and searches of the directory.
create index on houses (company_id);
create index on numbers (company_id);
create index on responsibles (crew_id) where crew_id is not null;

-- A company has no use for the secret with which its crews' messages are signed.
revoke select on crews from callcenter_company;
grant select (id, company_id, name, language, phone, email, webhook_url, active) on crews to callcenter_company;
