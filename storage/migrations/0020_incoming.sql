-- The same file offered under another name is found by what is in it.
create index recordings_sha256 on recordings (sha256) where sha256 is not null;
