-- Give a company the categories and limits of storage/defaults/categories.toml, unless it has a category of that code.
create or replace function add_default_categories(company integer) returns void language plpgsql as $$
declare
    given jsonb;
begin
    select body -> 'category' into strict given from defaults where name = 'categories';
    with added as (
        insert into categories (company_id, code, class, name_ru, name_en)
        select company, c ->> 'code', c ->> 'class', c ->> 'name_ru', c ->> 'name_en'
        from jsonb_array_elements(given) with ordinality as category (c, place) order by place
        on conflict do nothing
        returning id, code
    )
    insert into limits (category_id, step, minutes, warn_before, opens, closes)
    select a.id, l.step, l.minutes, l.warn_before, l.opens, l.closes
    from added a
    join jsonb_array_elements(given) c on c ->> 'code' = a.code
    cross join jsonb_to_recordset(c -> 'limits') l (step text, minutes integer, warn_before integer, opens time, closes time);
end $$;

create or replace function new_company() returns trigger language plpgsql as $$
begin
    perform add_default_categories(new.id);
    -- Decree 416: the number and the times are told at the latest half an hour after the registration.
    insert into default_limits (company_id, step, minutes, warn_before) values (new.id, 'tell', 30, 10) on conflict do nothing;
    return new;
end $$;
create or replace trigger default_categories after insert on companies for each row execute function new_company();
