-- name: all
select * from trunks order by position, id;

-- name: one
select * from trunks where id = $1;

-- name: add
insert into trunks (name, node, position, active, transport, srtp, hosts, server, port, registers, login, codecs, dtmf,
    session_timers, dialled_number_in, trust_asserted_identity, send_asserted_identity, from_user, from_domain, number_form,
    caller_number, calls_out, calls_at_once, calls_per_s, password)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
returning id;

-- name: change
-- A password that was not typed stays as it is.
update trunks set name = $2, node = $3, position = $4, active = $5, transport = $6, srtp = $7, hosts = $8, server = $9,
    port = $10, registers = $11, login = $12, codecs = $13, dtmf = $14, session_timers = $15, dialled_number_in = $16,
    trust_asserted_identity = $17, send_asserted_identity = $18, from_user = $19, from_domain = $20, number_form = $21,
    caller_number = $22, calls_out = $23, calls_at_once = $24, calls_per_s = $25,
    password = case when $12 <> '' then coalesce($26, password) end, version = version + 1
where id = $1 returning id;

-- name: shared
select shared from nodes where name = $1;

-- name: remove
delete from trunks where id = $1 returning name;

-- name: states
select s.trunk, s.node, s.state, s.since from trunk_states s order by s.trunk, s.node;

-- name: set_state
insert into trunk_states as s (node, trunk, state) values ($1, $2, $3)
on conflict (node, trunk) do update set state = excluded.state, since = now() where s.state <> excluded.state;

-- name: forget_states
delete from trunk_states where node = $1 and trunk <> all($2::text[]);

-- name: names
-- The host names of the trunks that the node $1 has.
select distinct host as name from trunks t, unnest(t.hosts || t.server) as host
where t.name in (select w.name from asterisk_wanted($1) w where w.kind = 'trunk') and host <> '';

-- name: name_states
select name, addresses, failing_since from trunk_names where node = $1 order by name;

-- name: set_failing
-- The name $2 of the node $1 is not found ($3), or is again; a row when it was found before.
insert into trunk_names as n (node, name, failing_since) values ($1, $2, case when $3 then now() end)
on conflict (node, name) do update set failing_since = excluded.failing_since
where (n.failing_since is null) <> (excluded.failing_since is null)
returning failing_since;

-- name: set_addresses
-- In place of those known so far, or beside them when not all was answered ($4 is false).
with known as (
    select array(select unnest($3::text[]) union select unnest(case when $4 then '{}' else addresses end) order by 1) as found
    from trunk_names where node = $1 and name = $2)
update trunk_names set addresses = found from known where node = $1 and name = $2 and addresses <> found;

-- name: forget_names
delete from trunk_names where node = $1 and name <> all($2::text[]);

-- name: failing
-- The trunks of which a name is not found at the node $1.
select distinct t.name from trunks t, unnest(t.hosts || t.server) as host
join trunk_names n on n.node = $1 and n.name = host and n.failing_since is not null;

-- name: push
select push($1);
