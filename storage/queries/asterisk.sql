-- name: numbers
select n.number, c.language from numbers n join companies c on c.id = n.company_id order by n.number;

-- name: endpoints
select endpoint, sip_secret from operators
where id in (select operator_id from asterisk_wanted($1) where kind = 'telephone') order by endpoint;

-- name: extensions
select extension, endpoint from operators
where extension is not null and id in (select operator_id from asterisk_wanted($1) where kind = 'telephone') order by extension;

-- name: trunks
select * from trunks where name in (select name from asterisk_wanted($1) where kind = 'trunk') order by position, id;

-- name: addresses
-- Of the host names of trunks, as the node looked them up.
select name, addresses from trunk_names where node = $1;

-- name: wanted
select kind, name, value from asterisk_wanted($1);

-- name: entries
select kind, name, value from asterisk_entries where node = $1;

-- name: forget_entries
-- Those that the node's Asterisk does not know any more, or knows with another value than those given.
delete from asterisk_entries e
where node = $1 and not exists (
    select from unnest($2::text[], $3::text[], $4::text[]) as k (kind, name, value)
    where k.kind = e.kind and k.name = e.name and k.value = e.value);

-- name: add_entries
insert into asterisk_entries (node, kind, name, value)
select $1, * from unnest($2::text[], $3::text[], $4::text[]) on conflict do nothing;

-- name: add_node
insert into nodes (name, shared) values ($1, $2)
on conflict (name) do update set shared = excluded.shared where nodes.shared <> excluded.shared;

-- name: tell
insert into node_configurations (node, problem, details) values ($1, $2, $3)
on conflict (node) do update set seen_at = now(), problem = excluded.problem, details = excluded.details;

-- Whether what pages say is in Asterisk. A node that was not seen for so long was taken down.

-- name: states
-- Of the numbers of the company $1, of the telephone of the person $2, and with $4 of the trunks, at each node; $3: seconds
-- without a word from a node after which it is away.
select w.name, c.node, e.since, c.seen_at > now() - make_interval(secs => $3) as alive, c.problem, c.details
from node_configurations c
cross join lateral asterisk_wanted(c.node) w
left join asterisk_entries e on (e.node, e.kind, e.name, e.value) = (c.node, w.kind, w.name, w.value)
where c.seen_at > now() - interval '30 days' and (w.company_id = $1 or w.operator_id = $2 or ($4 and w.kind = 'trunk'))
order by w.name, c.node;

-- name: behind
-- The nodes whose Asterisk knows too little or too much, and how many numbers, telephones and trunks that concerns.
select c.node, c.seen_at, c.seen_at > now() - make_interval(secs => $1) as alive, c.problem, c.details, d.changes
from node_configurations c
cross join lateral (
    select count(*) as changes
    from asterisk_wanted(c.node) w
    full join (select * from asterisk_entries where node = c.node) e on (e.kind, e.name, e.value) = (w.kind, w.name, w.value)
    where w.name is null or e.name is null
) d
where c.seen_at > now() - interval '30 days' and (d.changes > 0 or c.problem is not null)
order by c.node;

-- name: nodes
-- Those at which a telephone can register.
select node from node_configurations where seen_at > now() - interval '30 days' order by node;

-- name: trunk_nodes
-- Those at which a trunk can be.
select c.node from node_configurations c join nodes n on n.name = c.node
where c.seen_at > now() - interval '30 days' and not n.shared order by c.node;
