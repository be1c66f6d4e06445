-- Talks: a part of a call with one operator, and one recording. A call that is transferred, or goes back to the queue, has several.

create table talks (
    recording   text primary key,
    call_id     text not null references calls,
    kind        text not null check (kind in ('queue', 'transfer', 'consultation')),
    interface   text,
    operator_id integer references operators,
    began_at    timestamptz not null,
    ended_at    timestamptz,
    ended_by    text check (ended_by in ('caller', 'operator', 'transfer', 'system')),
    talk_s      double precision generated always as (extract(epoch from ended_at - began_at)::double precision) stored
);
create index on talks (call_id, began_at);

-- `expected` is when the talk began and the file did not exist yet; `deleted` is by policy, and `defect` of a missing one
-- says why. The row outlives the file for ever.
alter table recordings drop constraint recordings_state_check;
alter table recordings add constraint recordings_state_check check (
    state in ('expected', 'recorded', 'stored', 'verified', 'attached', 'expired', 'deleted', 'missing'));
alter table recordings add company_id integer references companies;
alter table recordings add rate integer;
alter table recordings add channels integer;
alter table recordings add repaired boolean not null default false;
alter table recordings add version_id text;
alter table recordings add retain_until timestamptz;
alter table recordings add deleted_at timestamptz;
create index on recordings (company_id, expected_at);

-- The copy for listening, and the picture of both voices. `problem` is why there is no copy, and there will be none.
create table recording_copies (
    recording_id bigint primary key references recordings,
    object_key   text unique,
    media_type   text,
    sha256       bytea check (length(sha256) = 32),
    size         bigint,
    made_at      timestamptz not null default now(),
    problem      text,
    check ((problem is null) = (object_key is not null and media_type is not null and sha256 is not null and size is not null))
);

-- Peaks, 0 to 255, `per_s` of them for each second and channel, the channels in turns.
create table waveforms (
    recording_id bigint primary key references recordings,
    per_s        double precision not null check (per_s > 0),
    channels     integer not null check (channels in (1, 2)),
    peaks        bytea not null
);

alter table companies add retention_days integer not null default 1096 check (retention_days between 1 and 36525);

alter table talks enable row level security;
create policy own on talks to callcenter_company
    using (exists (select from calls c where c.id = call_id));
alter table recording_copies enable row level security;
create policy own on recording_copies to callcenter_company
    using (exists (select from recordings r where r.id = recording_id));
alter table waveforms enable row level security;
create policy own on waveforms to callcenter_company
    using (exists (select from recordings r where r.id = recording_id));
grant select on talks, recording_copies, waveforms to callcenter_company;
