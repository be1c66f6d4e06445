-- Trunks: how calls come from a telephone company and go to it. What an administrator sets on a page; each node renders it
-- for its Asterisk. The settings' own trunk is not a row: it is the machine's.
create table trunks (
    id                      integer generated always as identity primary key,
    name                    text not null unique check (name ~ '^[a-z][a-z0-9-]{0,19}$'),
    node                    text references nodes,
    position                integer not null default 0,
    active                  boolean not null default true,
    transport               text not null default 'udp' check (transport in ('udp', 'tcp', 'tls')),
    srtp                    boolean not null default false,
    hosts                   text[] not null default '{}',
    server                  text not null default '',
    port                    integer check (port between 1 and 65535),
    registers               boolean not null default false,
    login                   text not null default '',
    password                text,
    codecs                  text[] not null default '{alaw}',
    dtmf                    text not null default 'rfc4733' check (dtmf in ('rfc4733', 'info', 'inband', 'auto')),
    session_timers          text not null default 'always' check (session_timers in ('always', 'accepted', 'never')),
    dialled_number_in       text[] not null default '{request,To,Diversion}',
    trust_asserted_identity boolean not null default true,
    send_asserted_identity  boolean not null default false,
    from_user               text not null default '',
    from_domain             text not null default '',
    number_form             text not null default 'plus' check (number_form in ('plus', 'digits', 'national')),
    caller_number           text check (caller_number ~ '^\+?[0-9]{3,15}$'),
    calls_out               boolean not null default false,
    calls_at_once           integer check (calls_at_once > 0),
    calls_per_s             integer check (calls_per_s > 0),
    version                 integer not null default 1,
    check (not registers or (server <> '' and login <> '' and password is not null)),
    check (not calls_out or server <> '')
);
comment on column trunks.node is 'Where it is; null: at every node.';
comment on column trunks.position is 'In which order outbound calls try them.';
comment on column trunks.hosts is 'Addresses, networks and host names from which its calls come, beside the server.';
comment on column trunks.server is 'Address or host name to which registrations and calls go; empty: calls only come.';
comment on column trunks.password is 'Sealed (callcenter/common/secret_box.py).';
comment on column trunks.dialled_number_in is 'Where the number dialled is written: `request`, or the names of headers, the first that has one of ours.';
comment on column trunks.number_form is 'How it wants a number: +79161234567, 79161234567, or 89161234567.';
comment on column trunks.caller_number is 'The number that outbound calls show instead of the company''s.';
comment on column trunks.version is 'Counts the changes, so that a node sees one without knowing the password.';
create index on trunks (node);

-- What each node saw of a trunk: whether it is registered there, or answers.
create table trunk_states (
    node  text not null references nodes on delete cascade,
    trunk text not null,
    state text not null check (state in ('up', 'down', 'refused', 'unknown')),
    since timestamptz not null default now(),
    primary key (node, trunk)
);
comment on column trunk_states.trunk is 'Its name; those of the settings have no row in `trunks`.';

alter table asterisk_entries drop constraint asterisk_entries_kind_check;
alter table asterisk_entries add constraint asterisk_entries_kind_check check (kind in ('number', 'telephone', 'trunk'));

-- Nothing of it is for a company's people: no grant, and no policy either.
alter table trunks enable row level security;
alter table trunk_states enable row level security;
