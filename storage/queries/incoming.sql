-- name: known
select name from recordings where sha256 = $1 limit 1;

-- name: enter
with known as (insert into nodes (name) values ($2) on conflict do nothing)
insert into recordings (name, node, state, expected_at) values ($1, $2, 'expected', $3) on conflict do nothing;
