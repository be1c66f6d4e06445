-- Calls of another PBX, of which its recordings' names and its call detail records told. A later import may add to them;
-- it never changes a call that our own Asterisk carried.
alter table calls add imported boolean not null default false;
