-- What `callcenter upgrade --check` looks at.

-- name: on_the_line
select count(*) filter (where state = 'talking'), count(*) filter (where state in ('arrived', 'waiting', 'leaving'))
from calls where state <> 'ended'
