-- Talks: an operator's leg of a call, from its answer to its end, and one recording. A call that is transferred, or goes
-- back to the queue, has several; a consultation begins with a colleague and belongs to the call about which it is held.
create table talks (
    recording   text primary key,
    call_id     text not null references calls,
    kind        text not null check (kind in ('queue', 'transfer', 'consultation')),
    interface   text,
    operator_id integer references operators,
    began_at    timestamptz not null,
    ended_at    timestamptz,
    talk_s      double precision generated always as (extract(epoch from ended_at - began_at)::double precision) stored
);
create index on talks (call_id, began_at);

-- Further states of a recording's row, which outlives the file for ever:
--   expired   its retention is over; it waits to be deleted
--   deleted   by policy; `deleted_because` says which
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
alter table recordings add deleted_because text;
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

-- When an operator did not let what was said be recorded, such as a card's number: silence stands there instead.
create table recording_pauses (
    id          bigint generated always as identity primary key,
    recording   text not null,
    call_id     text not null references calls,
    operator_id integer references operators,
    began_at    timestamptz not null,
    ended_at    timestamptz,
    unique (recording, began_at)
);

alter table companies add retention_days integer not null default 1096 check (retention_days between 1 and 36525);

-- A legal hold: while it stands nothing of the ticket is deleted, however old.
create table legal_holds (
    id          bigint generated always as identity primary key,
    ticket_id   bigint not null references tickets,
    reason      text not null check (reason <> ''),
    placed_by   integer not null references operators,
    placed_at   timestamptz not null default now(),
    released_by integer references operators,
    released_at timestamptz,
    check ((released_by is null) = (released_at is null))
);
create unique index on legal_holds (ticket_id) where released_at is null;

alter table talks enable row level security;
create policy own on talks to callcenter_company
    using (exists (select from calls c where c.id = call_id));
alter table recording_copies enable row level security;
create policy own on recording_copies to callcenter_company
    using (exists (select from recordings r where r.id = recording_id));
alter table waveforms enable row level security;
create policy own on waveforms to callcenter_company
    using (exists (select from recordings r where r.id = recording_id));
alter table recording_pauses enable row level security;
create policy own on recording_pauses to callcenter_company
    using (exists (select from calls c where c.id = call_id));
alter table legal_holds enable row level security;
create policy own on legal_holds to callcenter_company
    using (exists (select from tickets t where t.id = ticket_id));
grant select on talks, recording_copies, waveforms, recording_pauses, legal_holds to callcenter_company;
