-- Attempts to log in, so that guessing is slowed down by every process alike.
create table login_attempts (
    subject text not null,
    at      timestamptz not null default now()
);
create index on login_attempts (subject, at);
create index on login_attempts (at);

-- Who listened to what (152-FZ).
create table recording_plays (
    id           bigint generated always as identity primary key,
    recording_id bigint not null references recordings,
    operator_id  integer not null references operators,
    at           timestamptz not null default now()
);
create index on recording_plays (recording_id, operator_id, at);
