-- Host names of trunks: each node looks them up itself, and keeps what it found, so that calls come in while no name server
-- answers, also after a restart.
create table trunk_names (
    node          text not null references nodes on delete cascade,
    name          text not null,
    addresses     text[] not null default '{}',
    failing_since timestamptz,
    primary key (node, name)
);
comment on column trunk_names.addresses is 'Those that were found last, of the name and of the servers that its SRV records name.';
comment on column trunk_names.failing_since is 'Since when nothing is found; null: it is.';

alter table trunk_states drop constraint trunk_states_state_check;
alter table trunk_states add constraint trunk_states_state_check
    check (state in ('up', 'down', 'refused', 'nameless', 'unknown'));

alter table nodes add column shared boolean not null default false;
comment on column nodes.shared is 'Another PBX configures its Asterisk, and has the trunks.';

-- Nothing of it is for a company's people: no grant, and no policy either.
alter table trunk_names enable row level security;
