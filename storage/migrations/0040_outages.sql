-- Outages: what is off, where, since when and until when, and what each caller was told of it.

-- What can be off. `said_ru`, `said_en`: how callers hear it, after the address. `category`: the code of the category that
-- tickets of such an outage get. Filled from storage/defaults/outage_kinds.toml.
create table outage_kinds (
    code     text primary key check (code ~ '^[a-z][a-z0-9_]{0,31}$'),
    name_ru  text not null check (name_ru <> ''),
    name_en  text not null check (name_en <> ''),
    said_ru  text not null check (said_ru <> ''),
    said_en  text not null check (said_en <> ''),
    category text not null,
    place    integer not null
);

create table outages (
    id            integer generated always as identity primary key,
    company_id    integer not null references companies,
    kind          text references outage_kinds,
    planned       boolean not null default false,
    state         text not null check (state in
        ('suspected', 'confirmed', 'repairing', 'restored', 'checked', 'closed', 'cancelled')),
    cause         text not null default '',
    since         timestamptz not null,
    until         timestamptz check (until > since),
    crew_id       integer references crews,
    workers       text not null default '',
    message       text not null default '',
    operator_note text not null default '',
    evidence      jsonb,
    incident_id   bigint references tickets,
    spare_from    integer,
    spare_until   integer,
    opened_by     integer references operators on delete set null,
    opened_at     timestamptz not null default now(),
    confirmed_at  timestamptz,
    finished_at   timestamptz,
    version       integer not null default 1,
    check ((spare_from is null) = (spare_until is null)),
    check ((state in ('closed', 'cancelled')) = (finished_at is not null)),
    suggested_as  text,
    check (state in ('suspected', 'cancelled') or (incident_id is not null and kind is not null))
);
comment on column outages.until is 'When it is expected to end, as of now; what was expected before is in outage_events.';
comment on column outages.workers is 'Who is at work, in words.';
comment on column outages.message is 'For residents: spoken after what is composed from the other columns.';
comment on column outages.kind is 'Null: suspected from calls alone, and nobody has said yet what is off.';
comment on column outages.suggested_as is 'The key by which the detector knows its suggestion.';
comment on column outages.evidence is 'The calls by which it was suggested.';
comment on column outages.incident_id is 'The ticket of the whole, parent of the flats'' tickets.';
comment on column outages.spare_from is 'Ticket numbers reserved for callers whose flat is not known: from this one on, before `spare_until`.';
create index on outages (company_id, opened_at desc);
create index on outages (id) where state not in ('closed', 'cancelled');
create unique index on outages (suggested_as) where state = 'suspected';
create index on outages (crew_id);
create index on outages (incident_id);
create index on outages (opened_by);

create table outage_places (
    outage_id integer not null references outages on delete cascade,
    house_id  integer not null references houses,
    entrances integer[] not null default '{}',
    flats     text not null default '',
    riser     text not null default '',
    primary key (outage_id, house_id)
);
comment on column outage_places.entrances is 'Empty: all.';
comment on column outage_places.flats is 'As it is typed, `1-40, 55`; empty: all.';
create index on outage_places (house_id);

-- The number that the ticket of a flat, or of a telephone of which the flat is not known, has or will have.
create table outage_numbers (
    outage_id   integer not null references outages on delete cascade,
    number      integer not null,
    premises_id integer references premises,
    caller      text,
    ticket_id   bigint references tickets,
    primary key (outage_id, number),
    check (premises_id is not null or caller is not null)
);
create unique index on outage_numbers (outage_id, premises_id) where premises_id is not null;
create unique index on outage_numbers (outage_id, caller) where caller is not null;
create index on outage_numbers (premises_id);
create index on outage_numbers (ticket_id);

create table outage_events (
    id          bigint generated always as identity primary key,
    outage_id   integer not null references outages on delete cascade,
    at          timestamptz not null default now(),
    operator_id integer references operators on delete set null,
    kind        text not null check (kind in ('opened', 'moved', 'edited', 'places')),
    from_state  text,
    to_state    text,
    comment     text not null default '',
    changes     jsonb not null default '{}'
);
create index on outage_events (outage_id, id);
create index on outage_events (operator_id);

-- What callers heard. Not a part of its call: that goes when its month does, and this is the proof of what was said.
create table announcements (
    call_id   text not null,
    began_at  timestamptz not null,
    outage_id integer not null,
    number    integer not null,
    caller    text not null,
    ended_at  timestamptz,
    whole     boolean not null default false,
    declined  boolean not null default false,
    ticket_id bigint references tickets,
    primary key (call_id, outage_id, number, began_at)
);
comment on column announcements.whole is 'Heard to the end, the ticket''s number included.';
comment on column announcements.declined is 'The caller said that theirs is something else.';
create index on announcements (outage_id, call_id);
create index on announcements (ticket_id);

-- A caller told the robot their flat; true when a person has confirmed it.
create table phone_candidates (
    phone       text not null check (phone ~ '^\+[0-9]{3,15}$'),
    premises_id integer not null references premises on delete cascade,
    heard_at    timestamptz not null default now(),
    call_id     text not null,
    confirmed   boolean,
    primary key (phone, premises_id)
);
create index on phone_candidates (premises_id);

alter table calls drop constraint calls_outcome_check;
alter table calls add constraint calls_outcome_check check (outcome in
    ('answered', 'informed', 'abandoned', 'hung_up_early', 'timed_out', 'no_such_number', 'interrupted'));
alter table calls add keys text not null default '';
alter table calls add told_at timestamptz;
comment on column calls.keys is 'The keys that the caller pressed, in order.';

alter table ticket_events drop constraint ticket_events_kind_check;
alter table ticket_events add constraint ticket_events_kind_check check (kind in
    ('opened', 'edited', 'moved', 'comment', 'file', 'told', 'localised', 'sent', 'called', 'linked'));

alter table outages enable row level security;
create policy own on outages to callcenter_company using (company_id = my_company());
alter table outage_places enable row level security;
create policy own on outage_places to callcenter_company using (exists (select from outages o where o.id = outage_id));
alter table outage_numbers enable row level security;
create policy own on outage_numbers to callcenter_company using (exists (select from outages o where o.id = outage_id));
alter table outage_events enable row level security;
create policy own on outage_events to callcenter_company using (exists (select from outages o where o.id = outage_id));
alter table announcements enable row level security;
create policy own on announcements to callcenter_company using (exists (select from outages o where o.id = outage_id));
alter table phone_candidates enable row level security;
create policy own on phone_candidates to callcenter_company using (exists (select from premises p where p.id = premises_id));
grant select on outage_kinds, outages, outage_places, outage_numbers, outage_events, announcements, phone_candidates
    to callcenter_company;
