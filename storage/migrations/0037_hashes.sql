-- When each recording was last read back from the store and compared with the custody chain, and what was wrong with it.
create table recording_hashes (
    recording_id bigint primary key references recordings on delete cascade,
    checked_at   timestamptz not null,
    problem      text check (problem in (
        'gone', 'altered', 'not as chained', 'copy gone', 'copy altered', 'copy not as chained'))
);
create index on recording_hashes (recording_id) where problem is not null;
-- Nothing of it is for a company's people: no grant, and no policy either.
alter table recording_hashes enable row level security;

alter table recording_copies add version_id text;
comment on column recording_copies.version_id is 'The version of the object that is in the custody chain; null where the bucket has none.';
-- Of the copies so far nobody can say whether they are what was made. They are made again, and chained then.
with unproved as (delete from recording_copies where object_key is not null returning recording_id)
update recordings r set copy_wanted = true from unproved where r.id = unproved.recording_id and r.state = 'attached';
