-- Which company served a house when.
create or replace function keep_house_history() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.company_id is not distinct from new.company_id then
        return new;
    end if;
    update house_companies set until = clock_timestamp() where house_id = new.id and until is null;
    if new.company_id is not null then
        insert into house_companies (house_id, company_id, since) values (new.id, new.company_id, clock_timestamp());
    end if;
    return new;
end $$;
create or replace trigger house_history after insert or update of company_id on houses
    for each row execute function keep_house_history();

-- An address that was changed has no key any more, until the service works it out (callcenter/common/address_keys.py).
create or replace function forget_house_key() returns trigger language plpgsql as $$
begin
    if (old.city, old.street, old.building) is distinct from (new.city, new.street, new.building) then
        new.building_key := null;
    end if;
    return new;
end $$;
create or replace trigger house_key before update of city, street, building on houses
    for each row execute function forget_house_key();
create or replace function forget_flat_key() returns trigger language plpgsql as $$
begin
    new.flat_key := null;
    return new;
end $$;
create or replace trigger flat_key before update of flat on premises
    for each row when (old.flat is distinct from new.flat) execute function forget_flat_key();

-- Tell the planner how many rows the directory has now: in an import most of them are seconds old, and counts from before
-- make it read whole tables once for each line. The service owns none of these tables, so it may not analyze them itself.
create or replace function analyze_directory() returns void
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    analyze houses, premises, residents, resident_phones;
end $$;
revoke execute on function analyze_directory from public;
grant execute on function analyze_directory to callcenter_runtime;
