-- What each node's Asterisk knows of the companies and the operators: rendered, reloaded, and found in it afterwards.
create table asterisk_entries (
    node  text not null references nodes on delete cascade,
    kind  text not null check (kind in ('number', 'telephone')),
    name  text not null,
    value text not null,
    since timestamptz not null default now(),
    primary key (node, kind, name)
);
comment on column asterisk_entries.value is 'As asterisk_wanted() has it; another one there: not brought into Asterisk yet.';

-- Whether a node is there to bring it into its Asterisk, and why it could not the last time.
create table node_configurations (
    node    text primary key references nodes on delete cascade,
    seen_at timestamptz not null default now(),
    problem text check (problem in ('asterisk_away', 'not_writable', 'value_refused', 'not_accepted')),
    details text not null default ''
);

-- Nothing of it is for a company's people: no grant, and no policy either.
alter table asterisk_entries enable row level security;
alter table node_configurations enable row level security;

-- Counts the secrets of a telephone's account, so that a renewed one is told from the one before without showing either.
alter table operators add sip_version integer not null default 0;
