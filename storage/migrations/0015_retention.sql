-- How long recordings are kept. `retain_until` is what the company's retention says; these say what the store was told:
-- until when it must refuse to remove the object, and whether a legal hold stands on it.
alter table recordings add locked_until timestamptz;
alter table recordings add held boolean not null default false;
create index on recordings (retain_until) where state = 'attached';
create index on recordings (deleted_at) where state in ('expired', 'deleted');
create index on recordings (expected_at);
create index on recordings (recorded_at);
create index on talks (began_at);

-- What each node last said of the disk that its recordings wait on.
create table node_disks (
    node     text primary key references nodes,
    free     bigint not null,
    total    bigint not null,
    files    integer not null,
    bytes    bigint not null,
    oldest   timestamptz,
    full_at  timestamptz,
    seen_at  timestamptz not null default now()
);
