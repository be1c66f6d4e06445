-- What else of storage/ was applied after the migrations: functions, views and triggers, and the product's defaults. The
-- files are applied again when their text changes, and after each migration, which may have dropped what they make.
create table schema_files (
    path       text primary key,
    sha256     text not null,
    migration  text not null,
    applied_at timestamptz not null default now()
);

-- What a new company begins with; each row is one file of storage/defaults.
create table defaults (
    name text primary key,
    body jsonb not null
);
