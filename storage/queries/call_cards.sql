-- The rest of a call's card: what the operator is shown after the first glance, and what the operator says of the caller.

-- The call $1, and who calls as far as is known: as the operator said, or as the directory does.
-- name: call
select c.id, c.caller, c.company_id, k.no_ticket, k.house_id is not null as settled,
    r.id as resident_id, coalesce(r.name, '') as resident, coalesce(r.note, '') as note, p.id as premises_id,
    coalesce(p.flat, '') as flat, p.entrance, h.id as house_id, coalesce(h.notes, '') as house_notes,
    coalesce(h.city || ', ' || h.street || ', ' || h.building, '') as address
from calls c
left join call_cards k on k.call_id = c.id
left join tickets t on t.call_id = c.id
left join residents r on r.id = case when k.house_id is null then c.resident_id else k.resident_id end
left join premises p on p.id = case when k.house_id is null then coalesce(r.premises_id, t.premises_id) else k.premises_id end
left join houses h on h.id = coalesce(k.house_id, p.house_id, t.house_id)
where c.id = $1;

-- Who is registered with the number $1 in the company $2, whoever called last first.
-- name: candidates
select r.id, r.name, p.flat, h.street || ', ' || h.building as address
from resident_phones n
join residents r on r.id = n.resident_id
join premises p on p.id = r.premises_id
join houses h on h.id = p.house_id
where n.phone = $1 and h.company_id = $2
order by n.chosen_at desc nulls last, r.id limit 9;

-- Open tickets of the flat $2, of the house $3 and of the caller $4 in the company $1, without those of the call $5. Those of the
-- flat and the caller come first: the first one is joined by one key.
-- name: open_tickets
select t.id, t.number, t.subject, t.category_id, k.name_ru, k.name_en, t.opened_at, t.state, t.common_property,
    coalesce(p.flat, '') as flat,
    case when t.premises_id = $2 then 'flat' when t.caller = $4 and $4 <> '' then 'caller' else 'house' end as place
from tickets t
left join categories k on k.id = t.category_id
left join premises p on p.id = t.premises_id
where is_open(t.state) and t.company_id = $1
  and (t.house_id = $3 or t.premises_id = $2 or (t.caller = $4 and $4 <> ''))
  and t.id is distinct from ticket_of_call($5) and t.id not in (select ticket_id from further_tickets where call_id = $5)
  and (t.call_id is null or t.subject <> '' or t.category_id is not null or t.premises_id = $2 or t.caller = $4)
order by coalesce(t.premises_id = $2, false) or (t.caller = $4 and $4 <> '') desc, t.opened_at desc limit 12;

-- The last calls of the caller $1 or of the resident $2, without the call $3.
-- name: calls
select c.id, c.arrived_at as at, coalesce(c.outcome, c.state) as outcome, coalesce(o.name, '') as operator,
    coalesce(array(select r.id from recordings r
                   where r.call_id = c.id and r.state in ('stored', 'verified', 'attached') order by r.id), '{}') as recordings
from (
    (select * from calls where caller = $1 and $1 <> '' and id <> $3 order by arrived_at desc limit 5)
    union
    (select c.* from calls c join resident_phones n on n.phone = c.caller
     where n.resident_id = $2 and c.id <> $3 order by c.arrived_at desc limit 5)
) c
left join operators o on o.id = c.operator_id
order by c.arrived_at desc limit 5;

-- The place of the resident $1, of the flat $2, or the house $3 itself, in the company $4.
-- name: place
select r.id as resident_id, p.id as premises_id, h.id as house_id
from houses h
left join premises p on p.house_id = h.id and p.id = coalesce((select premises_id from residents where id = $1), $2)
left join residents r on r.premises_id = p.id and r.id = $1
where h.company_id = $4
  and case when $1::integer is not null then r.id is not null when $2::integer is not null then p.id is not null
      else h.id = $3 end;

-- name: add_resident
insert into residents (premises_id, name) values ($1, $2) returning id;

-- name: remember
insert into resident_phones (phone, resident_id, chosen_at) values ($1, $2, now())
on conflict (phone, resident_id) do update set chosen_at = now()
returning xmax = 0 as added;

-- name: settle
insert into call_cards (call_id, resident_id, premises_id, house_id, operator_id) values ($1, $2, $3, $4, $5)
on conflict (call_id) do update set
    resident_id = excluded.resident_id, premises_id = excluded.premises_id, house_id = excluded.house_id,
    operator_id = excluded.operator_id, settled_at = now();

-- name: name_caller
update calls set resident_id = $2 where id = $1;

-- name: note
update residents set note = $2 where id = $1;
