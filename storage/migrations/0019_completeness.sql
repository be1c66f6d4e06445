-- Recordings by the hour of their talk.
create index on recordings ((coalesce(expected_at, recorded_at)));
