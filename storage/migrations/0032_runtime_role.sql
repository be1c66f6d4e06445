-- The service's rights: its login is a member of this role and owns nothing (storage/functions/rights.sql grants them).
-- `noinherit`: it may become callcenter_company for a transaction, but does not have that role's rights by itself.
do $$ begin
    create role callcenter_runtime nologin noinherit;
exception when duplicate_object or unique_violation then null;
end $$;
do $$ begin
    if not pg_has_role('callcenter_runtime', 'callcenter_company', 'member') then
        grant callcenter_company to callcenter_runtime;
    end if;
end $$;
