-- What a person asks of a telephone or a live call, on its way from a page to the node that carries it out.
--   asked    written, and not seen by a node yet
--   taken    a node has it in hand
--   done     Asterisk did it
--   refused  it was not done, or it is not known; `answer` says why
--   expired  its time was over before it was done
create table requests (
    id          bigint generated always as identity primary key,
    node        text references nodes,
    kind        text not null check (kind <> ''),
    body        jsonb not null,
    asked_by    integer not null references operators on delete cascade,
    operator_id integer not null references operators on delete cascade,
    asked_at    timestamptz not null default now(),
    expires_at  timestamptz not null,
    state       text not null default 'asked' check (state in ('asked', 'taken', 'done', 'refused', 'expired')),
    taken_at    timestamptz,
    finished_at timestamptz,
    answer      jsonb not null default '{}',
    check ((state in ('asked', 'taken')) = (finished_at is null)),
    check (state <> 'taken' or (taken_at is not null and node is not null))
);
comment on column requests.node is 'The Asterisk that is asked; null: whichever node takes it first.';
comment on column requests.operator_id is 'Whom it concerns: mostly who asked.';
comment on column requests.expires_at is 'Until when it is of use.';
-- The open requests of a node, and those whose time is over.
create index on requests (node, id) where state in ('asked', 'taken');
create index on requests (expires_at) where state in ('asked', 'taken');
-- To clear away what is long over.
create index on requests (asked_at) where state not in ('asked', 'taken');
create index on requests (asked_by);
create index on requests (operator_id);

-- Nothing of it is for a company's people: no grant, and no policy either.
alter table requests enable row level security;

-- The node at which an operator's telephone registers; null: the only one there is.
alter table operators add node text references nodes;

-- Who called whom.
alter table calls add direction text not null default 'in' check (direction in ('in', 'out'));
