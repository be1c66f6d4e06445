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

-- name: remove
delete from trunks where id = $1 returning name;

-- name: states
select s.trunk, s.node, s.state, s.since from trunk_states s order by s.trunk, s.node;

-- name: set_state
insert into trunk_states as s (node, trunk, state) values ($1, $2, $3)
on conflict (node, trunk) do update set state = excluded.state, since = now() where s.state <> excluded.state;

-- name: forget_states
delete from trunk_states where node = $1 and trunk <> all($2::text[]);

-- name: push
select push($1);
