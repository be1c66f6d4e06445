-- What the store has of a recording whose WAV is packed there as FLAC: the SHA-256 and the size of that object. Null where the
-- object is the WAV itself, of which `sha256` and `size` are in any case.
alter table recordings
    add column stored_sha256 bytea check (length(stored_sha256) = 32),
    add column stored_size bigint check (stored_size >= 0),
    add check ((stored_sha256 is null) = (stored_size is null));
