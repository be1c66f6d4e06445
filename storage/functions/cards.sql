-- What an operator said of the caller on the card of a call, as the fields of `CardMessage` in callcenter/push/messages.py;
-- empty as long as nobody said anything.
create or replace function settled_caller(call text) returns jsonb language sql stable as $$
    select coalesce((
        select jsonb_build_object(
            'resident', coalesce(r.name, ''), 'house_id', h.id,
            'address', h.city || ', ' || h.street || ', ' || h.building, 'flat', coalesce(p.flat, ''))
        from call_cards k
        join houses h on h.id = k.house_id
        left join premises p on p.id = k.premises_id
        left join residents r on r.id = k.resident_id
        where k.call_id = call), '{}')
$$;
