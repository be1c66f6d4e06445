-- What a crew said of its ticket, until somebody at the desk has seen it; and one link to everything that a crew has to do.
alter table tickets add column crew_said text check (crew_said in ('done', 'refused', 'absent', 'comment')),
    add column crew_said_at timestamptz;
create index on tickets (crew_said_at) where crew_said is not null;

create table crew_lists (
    list       text primary key,
    token_hash bytea not null unique,
    crew_id    integer not null references crews on delete cascade,
    made_by    integer references operators on delete set null,
    expires_at timestamptz not null,
    ended_at   timestamptz
);
create index on crew_lists (crew_id);
create index on crew_lists (made_by);
alter table crew_lists enable row level security;
