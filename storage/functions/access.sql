-- The company to which this transaction is restricted, or null; row-level security calls it.
create or replace function my_company() returns integer language sql stable as $$
    select nullif(current_setting('callcenter.company', true), '')::integer
$$;
