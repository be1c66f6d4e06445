-- Where the made-up city answers.

-- name: trunk
insert into trunks (name, server, port, calls_out) values ('city', $1, $2, true)
on conflict (name) do update set server = excluded.server, port = excluded.port, version = trunks.version + 1;

-- name: rules
insert into outbound_rules (purpose, prefix)
select purpose, '+' from unnest(array['resident', 'crew']) purpose
where not exists (select from outbound_rules r where r.purpose = purpose);
