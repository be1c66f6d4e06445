-- The company to which this transaction is held, or null; row-level security asks it.
create or replace function my_company() returns integer language sql stable as $$
    select nullif(current_setting('callcenter.company', true), '')::integer
$$;
