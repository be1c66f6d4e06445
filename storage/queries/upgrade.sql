-- What `callcenter upgrade --check` looks at.

-- name: on_the_line
select count(*) filter (where state = 'talking'), count(*) filter (where state in ('arrived', 'waiting', 'leaving'))
from calls where state <> 'ended'

-- Recordings that are stored as FLAC.
-- name: packed
select count(*) from recordings where stored_sha256 is not null and state in ('stored', 'verified', 'attached', 'expired')
