-- A link by which one named person outside may hear and fetch recordings of a ticket. Only its token's hash is kept.
-- `fetches`: how many times each recording may be heard to its end, and how many times downloaded.
-- `sent_at`, `problem`: what became of the letter with the link, if there was to be one.
create table share_links (
    id           bigint generated always as identity primary key,
    company_id   integer not null references companies,
    ticket_id    bigint not null references tickets,
    token_hash   bytea not null unique check (length(token_hash) = 32),
    recipient    text not null check (recipient <> ''),
    email        text,
    purpose      text not null check (purpose <> ''),
    language     text not null check (language in ('ru', 'en')),
    pin_hash     text,
    pin_failures integer not null default 0,
    fetches      integer not null check (fetches > 0),
    made_by      integer not null references operators,
    made_at      timestamptz not null default now(),
    expires_at   timestamptz not null,
    revoked_by   integer references operators,
    revoked_at   timestamptz,
    sent_at      timestamptz,
    problem      text not null default '',
    check ((revoked_by is null) = (revoked_at is null))
);
create index on share_links (ticket_id, id);

create table share_link_recordings (
    link_id      bigint not null references share_links,
    place        smallint not null check (place > 0),
    recording_id bigint not null references recordings,
    primary key (link_id, place),
    unique (link_id, recording_id)
);

-- What was done with a link. `sent`: bytes promised to requests that run and given to those that have ended.
create table share_link_uses (
    id      bigint generated always as identity primary key,
    link_id bigint not null references share_links,
    at      timestamptz not null default now(),
    kind    text not null check (kind in (
        'opened', 'wrong pin', 'right pin', 'listened', 'original', 'copy', 'none left', 'cut off')),
    place   smallint,
    address text not null,
    browser text not null default '',
    sent    bigint not null default 0
);
create index on share_link_uses (link_id, id);

-- A browser that has given the right PIN.
create table share_link_visits (
    token_hash bytea primary key check (length(token_hash) = 32),
    link_id    bigint not null references share_links,
    expires_at timestamptz not null
);

-- Nobody of one company makes, sees or uses these.
alter table share_links enable row level security;
alter table share_link_recordings enable row level security;
alter table share_link_uses enable row level security;
alter table share_link_visits enable row level security;
