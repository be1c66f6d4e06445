-- What the Asterisk of a node must know: the companies' numbers, the telephones of whoever may work at it, and the trunks,
-- unless another PBX configures it. `value` is what differs when the same name has to be brought into Asterisk again.
create or replace function asterisk_wanted(of_node text)
returns table (kind text, name text, value text, company_id integer, operator_id integer)
language sql stable as $$
    select 'number', n.number, c.language, c.id, null::integer from numbers n join companies c on c.id = n.company_id
    union all
    select 'telephone', o.endpoint, o.id || '/' || o.sip_version, null, o.id from operators o
    where o.endpoint is not null and o.active and (o.node is null or o.node = of_node)
    union all
    select 'trunk', t.name, t.id || '/' || t.version, null, null from trunks t
    where t.active and (t.node is null or t.node = of_node) and not exists (select from nodes where name = of_node and shared)
$$;

-- The nodes look again at the commit.
create or replace function tell_nodes() returns trigger language plpgsql as $$
begin
    perform pg_notify('asterisk', '');
    return null;
end $$;
create or replace trigger told after insert or update or delete on numbers
    for each statement execute function tell_nodes();
create or replace trigger told after update of language on companies
    for each statement execute function tell_nodes();
create or replace trigger told after insert or update or delete on trunks
    for each statement execute function tell_nodes();
create or replace trigger told after update of addresses on trunk_names
    for each statement execute function tell_nodes();
create or replace trigger told after insert or delete or update of endpoint, sip_secret, sip_version, extension, active, node on operators
    for each statement execute function tell_nodes();
