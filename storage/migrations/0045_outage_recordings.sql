-- Recordings of people that callers hear instead of what a voice would say, and announcements that could not be spoken.

create table outage_recordings (
    outage_id   integer primary key references outages on delete cascade,
    digest      text not null check (digest ~ '^[0-9a-f]{16}$'),
    sound       bytea not null check (length(sound) between 1 and 960000),
    recorded_by integer references operators on delete set null,
    recorded_at timestamptz not null default now()
);
comment on column outage_recordings.digest is 'The name of the sound among the announcements: the beginning of its SHA-256.';
comment on column outage_recordings.sound is 'A-law at 8 kHz, one channel, no header: two minutes at most.';
create index on outage_recordings (digest);
create index on outage_recordings (recorded_by);

create table unspoken_outages (
    node      text not null,
    outage_id integer not null references outages on delete cascade,
    since     timestamptz not null default now(),
    primary key (node, outage_id)
);
comment on table unspoken_outages is 'The voice of this node failed: callers hear what was said before, or are not told of it.';
create index on unspoken_outages (outage_id);

alter table outage_events drop constraint outage_events_kind_check;
alter table outage_events add constraint outage_events_kind_check check (kind in
    ('opened', 'moved', 'edited', 'places', 'recorded', 'recording_removed'));

alter table outage_recordings enable row level security;
create policy own on outage_recordings to callcenter_company using (exists (select from outages o where o.id = outage_id));
alter table unspoken_outages enable row level security;
create policy own on unspoken_outages to callcenter_company using (exists (select from outages o where o.id = outage_id));
grant select on outage_recordings, unspoken_outages to callcenter_company;
