-- Codes for a lost telephone, sessions that end when nothing is done, and links whose holders hear the original itself.

-- Each is taken once instead of a code from the telephone. There is no way back from a hash to its code.
create table recovery_codes (
    code_hash   bytea primary key check (length(code_hash) = 32),
    operator_id integer not null references operators on delete cascade,
    used_at     timestamptz
);
create index on recovery_codes (operator_id);
-- Nothing of it is for a company's people: no grant, and no policy either.
alter table recovery_codes enable row level security;

-- `expires_at` moves on while the session is used, but never past this.
alter table sessions add ends_at timestamptz;
update sessions set ends_at = expires_at;
alter table sessions alter ends_at set not null;

-- Browsers that cannot play the copy play the original, which is many times as large and counted apart.
alter table share_link_uses add of_original boolean not null default false;
