-- name: cards
-- For each of the calls $1, which are no past calls of their own: the number $2 dialled, the caller $3 in E.164.
select
    c.id as company_id, c.name as company,
    r.id as resident_id, r.name as resident, coalesce(r.premises_id, l.premises_id) as premises_id,
    coalesce(r.house_id, l.house_id) as house_id, coalesce(r.address, l.address) as address, coalesce(r.flat, l.flat) as flat,
    coalesce(r.registered, 1) - 1 as others,
    (select coalesce(jsonb_agg(to_jsonb(t)), '[]') from (
        select number, subject, opened_at from tickets
        where is_open(state) and company_id = c.id
          and (premises_id = r.premises_id or (caller = asked.caller and asked.caller <> ''))
        order by opened_at desc limit 5) t) as open_tickets,
    (select coalesce(jsonb_agg(to_jsonb(p)), '[]') from (
        select k.arrived_at as at, coalesce(k.outcome, k.state) as outcome, coalesce(o.name, '') as operator
        from calls k left join operators o on o.id = k.operator_id
        where k.caller = asked.caller and asked.caller <> '' and k.id <> asked.call
        order by k.arrived_at desc limit 5) p) as past_calls
from unnest($1::text[], $2::text[], $3::text[]) with ordinality as asked (call, did, caller, place)
left join numbers n on n.number = asked.did
left join companies c on c.id = n.company_id
left join lateral (
    select res.id, res.name, res.premises_id, p.house_id, p.flat,
           h.city || ', ' || h.street || ', ' || h.building as address,
           count(*) over () as registered
    from resident_phones ph
    join residents res on res.id = ph.resident_id
    join premises p on p.id = res.premises_id
    join houses h on h.id = p.house_id
    where ph.phone = asked.caller and h.company_id = c.id
    order by ph.chosen_at desc nulls last, res.id limit 1) r on true
-- An unknown number is taken to call from where it called from last: from the place of its ticket, or of that which its call
-- was found to be about.
left join lateral (
    select * from (
        (select t.premises_id, t.house_id, p.flat, h.city || ', ' || h.street || ', ' || h.building as address, t.opened_at as at
         from tickets t join houses h on h.id = t.house_id left join premises p on p.id = t.premises_id
         where r.id is null and asked.caller <> '' and reverse(t.caller) = reverse(asked.caller) and t.company_id = c.id
           and t.opened_at > now() - interval '14 days'
         order by t.opened_at desc limit 1)
        union all
        (select t.premises_id, t.house_id, p.flat, h.city || ', ' || h.street || ', ' || h.building, k.arrived_at
         from calls k join joined_calls j on j.call_id = k.id join tickets t on t.id = j.ticket_id
         join houses h on h.id = t.house_id left join premises p on p.id = t.premises_id
         where r.id is null and asked.caller <> '' and k.caller = asked.caller and k.company_id = c.id
           and k.arrived_at > now() - interval '14 days'
         order by k.arrived_at desc limit 1)
    ) either order by at desc limit 1) l on true
order by asked.place;
