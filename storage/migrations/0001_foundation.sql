-- Directory: who may call, and where they live.

create table companies (
    id                 integer generated always as identity primary key,
    name               text not null unique check (name <> ''),
    zone               text not null default 'Europe/Moscow',
    language           text not null default 'ru' check (language in ('ru', 'en')),
    last_ticket_number integer not null default 0
);

-- A company's telephone numbers, digits only, country code first. Each is also the name of a queue.
create table numbers (
    number     text primary key check (number ~ '^[0-9]{3,15}$'),
    company_id integer not null references companies
);

create table houses (
    id         integer generated always as identity primary key,
    company_id integer not null references companies,
    city       text not null,
    street     text not null,
    building   text not null,
    unique (company_id, city, street, building)
);

create table premises (
    id       integer generated always as identity primary key,
    house_id integer not null references houses,
    flat     text not null,
    unique (house_id, flat)
);

create table residents (
    id          integer generated always as identity primary key,
    premises_id integer not null references premises,
    name        text not null check (name <> '')
);
create index on residents (premises_id);

create table resident_phones (
    phone       text not null check (phone ~ '^\+[0-9]{3,15}$'),
    resident_id integer not null references residents,
    primary key (phone, resident_id)
);
create index on resident_phones (resident_id);

-- People who work here.

create table operators (
    id            integer generated always as identity primary key,
    login         text not null unique check (login ~ '^[a-z][a-z0-9._-]{1,31}$'),
    name          text not null,
    role          text not null check (role in ('operator', 'supervisor')),
    password_hash text not null,
    language      text not null default 'ru' check (language in ('ru', 'en')),
    endpoint      text unique check (endpoint ~ '^[a-z][a-z0-9-]{0,31}$'),
    sip_secret    text,
    check ((endpoint is null) = (sip_secret is null))
);

create table sessions (
    token_hash  bytea primary key,
    operator_id integer not null references operators on delete cascade,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null
);
create index on sessions (expires_at);

-- What an operator wants to be; the engine makes it so and says so on the screens.
create table presence (
    operator_id integer primary key references operators on delete cascade,
    wanted      text not null check (wanted in ('available', 'paused', 'offline')),
    since       timestamptz not null
);

-- Nodes: one row per Asterisk, with how far its ledger has been read.

create table nodes (
    name          text primary key,
    ledger_inode  bigint,
    ledger_offset bigint not null default 0
);

-- Intervals in which the live view was blind; what lies in them was rebuilt from the ledger.
create table node_gaps (
    id       bigint generated always as identity primary key,
    node     text not null references nodes,
    began_at timestamptz not null,
    ended_at timestamptz not null
);

-- Calls.

create table calls (
    id              text primary key,
    node            text not null references nodes,
    company_id      integer references companies,
    resident_id     integer references residents,
    did             text not null,
    caller          text not null,
    queue           text,
    state           text not null check (state in ('arrived', 'waiting', 'talking', 'leaving', 'ended')),
    outcome         text check (outcome in ('answered', 'abandoned', 'hung_up_early', 'timed_out', 'no_such_number', 'interrupted')),
    -- why a call that no operator answered is over; known before the channel is gone
    fate            text check (fate in ('abandoned', 'timed_out', 'no_such_number', 'interrupted')),
    interface       text,
    operator_id     integer references operators,
    recording       text,
    ended_by        text check (ended_by in ('caller', 'operator', 'transfer', 'system')),
    arrived_at      timestamptz not null,
    queued_at       timestamptz,
    answered_at     timestamptz,
    talk_ended_at   timestamptz,
    left_at         timestamptz,
    ended_at        timestamptz,
    wait_s          double precision,
    talk_s          double precision,
    rings           integer not null default 0,
    hangup_cause    integer,
    rebuilt         boolean not null default false,
    check ((state = 'ended') = (outcome is not null)),
    check ((state = 'ended') = (ended_at is not null))
);
create index on calls (node, arrived_at) where state <> 'ended';
create index on calls (caller, arrived_at desc);
create index on calls (arrived_at desc);

create table call_events (
    id      bigint generated always as identity primary key,
    call_id text not null references calls,
    kind    text not null,
    source  text not null check (source in ('live', 'ledger', 'reconcile', 'desk')),
    at      timestamptz not null,
    seen_at timestamptz not null,
    data    jsonb not null default '{}'
);
-- A batch whose commit was answered by silence is written again; this keeps its events single.
create unique index on call_events (call_id, seen_at, kind);

-- Orders that PostgreSQL refused for what they say. Nobody's call waits for them, and nothing is forgotten.
create table unwritten (
    id      bigint generated always as identity primary key,
    node    text not null,
    what    text not null,
    problem text not null,
    at      timestamptz not null default now()
);

-- Tickets: one is opened at the answer.

create table tickets (
    id          bigint generated always as identity primary key,
    company_id  integer not null references companies,
    number      integer not null,
    call_id     text unique references calls,
    caller      text not null,
    house_id    integer references houses,
    premises_id integer references premises,
    resident_id integer references residents,
    operator_id integer references operators,
    subject     text not null default '',
    state       text not null default 'new' check (state in ('new', 'closed')),
    opened_at   timestamptz not null,
    unique (company_id, number)
);
create index on tickets (premises_id) where state <> 'closed';
create index on tickets (caller) where state <> 'closed';

-- Recordings: a ledger entry before it is a file.
--   expected  an operator answered; the file does not exist yet
--   recorded  the file is complete on the Asterisk disk, its SHA-256 is taken
--   stored    the object is in the store
--   verified  the object was read back and has the same SHA-256
--   attached  it belongs to a ticket (or to no call, said in `defect`), and the disk copy is removed
--   missing   it should exist and does not; `defect` says why

create table recordings (
    id          bigint generated always as identity primary key,
    name        text not null unique,
    node        text not null references nodes,
    call_id     text references calls,
    ticket_id   bigint references tickets,
    state       text not null check (state in ('expected', 'recorded', 'stored', 'verified', 'attached', 'missing')),
    sha256      bytea check (length(sha256) = 32),
    size        bigint,
    duration_s  double precision,
    object_key  text unique,
    defect      text,
    expected_at timestamptz,
    recorded_at timestamptz,
    stored_at   timestamptz,
    verified_at timestamptz,
    attached_at timestamptz,
    check (state in ('expected', 'missing') or (sha256 is not null and size is not null and object_key is not null))
);
create index on recordings (call_id);
create index on recordings (ticket_id);
create index on recordings (state) where state <> 'attached';

-- Screens: numbered deltas, and the snapshot that they add up to.

create table push_log (
    seq      bigint generated always as identity primary key,
    audience text not null,
    kind     text not null,
    body     jsonb not null,
    at       timestamptz not null default now()
);
create index on push_log (at);

-- The newest body of each (audience, kind): the snapshot at max(seq).
create table screens (
    audience text not null,
    kind     text not null,
    seq      bigint not null,
    body     jsonb not null,
    primary key (audience, kind)
);
