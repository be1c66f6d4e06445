-- Two rows of the directory that are one: all that hangs on the second goes to the first, and the second is gone. What is
-- said of both stays as the first has it. Called by callcenter/directory/twins.py, in one transaction with its audit line.

create or replace function merge_residents(kept_id integer, gone_id integer) returns void language plpgsql as $$
declare
    gone residents;
begin
    update tickets set resident_id = kept_id where resident_id = gone_id;
    update calls set resident_id = kept_id where resident_id = gone_id;
    update call_cards set resident_id = kept_id where resident_id = gone_id;
    insert into resident_phones (phone, resident_id, chosen_at)
        select phone, kept_id, chosen_at from resident_phones where resident_id = gone_id
        on conflict (phone, resident_id) do update set chosen_at = greatest(resident_phones.chosen_at, excluded.chosen_at);
    delete from resident_phones where resident_id = gone_id;
    delete from residents where id = gone_id returning * into gone;
    -- A second account is kept in the note.
    update residents r set
        account = coalesce(r.account, gone.account),
        note = left(concat_ws(E'\n', nullif(r.note, ''), case when gone.note <> r.note then nullif(gone.note, '') end,
            case when r.account <> gone.account then '№ ' || gone.account end), 1000)
    where r.id = kept_id;
end $$;

create or replace function merge_premises(kept_id integer, gone_id integer) returns void language plpgsql as $$
declare
    person record;
begin
    for person in
        select g.id, (select k.id from residents k
            where k.premises_id = kept_id and lower(k.name) = lower(g.name)
                and (k.account is null or g.account is null or k.account = g.account)
            order by k.id limit 1) as same
        from residents g where g.premises_id = gone_id order by g.id
    loop
        if person.same is null then
            update residents set premises_id = kept_id where id = person.id;
        else
            perform merge_residents(person.same, person.id);
        end if;
    end loop;
    update tickets set premises_id = kept_id where premises_id = gone_id;
    update call_cards set premises_id = kept_id where premises_id = gone_id;
    insert into phone_candidates (phone, premises_id, heard_at, call_id, confirmed, decided_by, decided_at)
        select phone, kept_id, heard_at, call_id, confirmed, decided_by, decided_at
        from phone_candidates where premises_id = gone_id on conflict do nothing;
    delete from phone_candidates where premises_id = gone_id;
    -- Both had a number of one outage: the number that led to a ticket stays.
    delete from outage_numbers k using outage_numbers g
        where k.premises_id = kept_id and g.premises_id = gone_id and k.outage_id = g.outage_id
            and k.ticket_id is null and g.ticket_id is not null;
    delete from outage_numbers g using outage_numbers k
        where k.premises_id = kept_id and g.premises_id = gone_id and k.outage_id = g.outage_id;
    update outage_numbers set premises_id = kept_id where premises_id = gone_id;
    update premises k set entrance = coalesce(k.entrance, g.entrance) from premises g where k.id = kept_id and g.id = gone_id;
    delete from premises where id = gone_id;
end $$;

create or replace function merge_houses(kept_id integer, gone_id integer) returns void language plpgsql as $$
declare
    flat record;
    gone houses;
begin
    for flat in
        select g.id, (select k.id from premises k
            where k.house_id = kept_id and (k.flat = g.flat or k.flat_key = g.flat_key)
            order by k.flat = g.flat desc, k.id limit 1) as same
        from premises g where g.house_id = gone_id order by g.id
    loop
        if flat.same is null then
            update premises set house_id = kept_id where id = flat.id;
        else
            perform merge_premises(flat.same, flat.id);
        end if;
    end loop;
    update tickets set house_id = kept_id where house_id = gone_id;
    update call_cards set house_id = kept_id where house_id = gone_id;
    -- Places of outages that are over, in both.
    update outage_places k set
        entrances = case when k.entrances = '{}' or g.entrances = '{}' then '{}' else
            (select array_agg(distinct e order by e) from unnest(k.entrances || g.entrances) e) end,
        flats = case when k.flats = '' or g.flats = '' then '' else k.flats || ', ' || g.flats end,
        riser = case when k.riser = g.riser then k.riser else '' end
    from outage_places g where k.house_id = kept_id and g.house_id = gone_id and k.outage_id = g.outage_id;
    delete from outage_places g using outage_places k
        where k.house_id = kept_id and g.house_id = gone_id and k.outage_id = g.outage_id;
    update outage_places set house_id = kept_id where house_id = gone_id;
    insert into house_companies (house_id, company_id, since, until)
        select kept_id, company_id, since, coalesce(until, clock_timestamp()) from house_companies where house_id = gone_id
        on conflict do nothing;
    delete from houses where id = gone_id returning * into gone;
    update houses k set key = coalesce(k.key, gone.key), entrances = coalesce(k.entrances, gone.entrances),
        company_id = coalesce(k.company_id, gone.company_id)
    where k.id = kept_id;
end $$;
