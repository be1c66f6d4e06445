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

-- When the call began, by its id, in which Asterisk writes the second; 1970 where an id has none. It never changes, so it
-- can stand in every key by which calls and what belongs to them may be partitioned (docs/decisions/0014).
alter table calls add born_at timestamptz not null generated always as
    (to_timestamp(coalesce(substring(id from '-([0-9]{1,10})\.[0-9]+$'), '0')::double precision)) stored;
alter table call_events add call_born_at timestamptz not null generated always as
    (to_timestamp(coalesce(substring(call_id from '-([0-9]{1,10})\.[0-9]+$'), '0')::double precision)) stored;
alter table talks add call_born_at timestamptz not null generated always as
    (to_timestamp(coalesce(substring(call_id from '-([0-9]{1,10})\.[0-9]+$'), '0')::double precision)) stored;
