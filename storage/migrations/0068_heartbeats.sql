-- Each running process says that it is there: by its own clock beside PostgreSQL's, and why which of its parts is not ready.
create table heartbeats (
    name text primary key,
    role text not null check (role in ('node', 'pages')),
    seen_at timestamptz not null default now(),
    clock timestamptz not null,
    stopped boolean not null default false,
    parts jsonb not null
);
alter table heartbeats enable row level security;
comment on column heartbeats.clock is 'What the clock of the process was at `seen_at`.';
comment on column heartbeats.stopped is 'It was ended in order, and has not been killed.';
comment on column heartbeats.parts is 'Of each part null when it is ready, otherwise why it is not, as far as is known.';

-- The disk on which Asterisk writes the ledger.
alter table node_disks add column log_free bigint, add column log_total bigint;
