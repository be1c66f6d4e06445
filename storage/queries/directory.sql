-- name: card
-- $1: number dialled, $2: caller in E.164, $3: the call itself, which is no past call.
select
    c.id as company_id, c.name as company,
    r.id as resident_id, r.name as resident, r.premises_id, r.house_id, r.address, r.flat,
    coalesce(r.registered, 1) - 1 as others,
    (select coalesce(jsonb_agg(to_jsonb(t)), '[]') from (
        select number, subject, opened_at from tickets
        where state <> 'closed' and company_id = c.id
          and (premises_id = r.premises_id or (caller = $2 and $2 <> ''))
        order by opened_at desc limit 5) t) as open_tickets,
    (select coalesce(jsonb_agg(to_jsonb(p)), '[]') from (
        select k.arrived_at as at, coalesce(k.outcome, k.state) as outcome, coalesce(o.name, '') as operator
        from calls k left join operators o on o.id = k.operator_id
        where k.caller = $2 and $2 <> '' and k.id <> $3
        order by k.arrived_at desc limit 5) p) as past_calls
from (select 1) one
left join numbers n on n.number = $1
left join companies c on c.id = n.company_id
left join lateral (
    select res.id, res.name, res.premises_id, p.house_id, p.flat,
           h.city || ', ' || h.street || ', ' || h.building as address,
           count(*) over () as registered
    from resident_phones ph
    join residents res on res.id = ph.resident_id
    join premises p on p.id = res.premises_id
    join houses h on h.id = p.house_id
    where ph.phone = $2 and h.company_id = c.id
    order by res.id limit 1) r on true;
