-- Migrations whose changes are in the schema while an earlier program runs on it, which does not know them: `callcenter upgrade
-- --back-to` notes them here, and the next `callcenter migrate` takes them as applied.
create table stepped_back (
    name   text primary key,
    sha256 text not null,
    at     timestamptz not null default now()
);
