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
