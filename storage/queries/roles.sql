-- The login of the service, as the migrator makes it and as `callcenter doctor` looks at it.

-- The statement that makes the login $1 with the password $2, unless it exists.
-- name: make_login
select format('create role %I login password %L', $1::text, $2::text)
where not exists (select from pg_roles where rolname = $1)

-- The statement that gives the login $1 the service's rights, unless it has them.
-- name: give_rights
select format('grant callcenter_runtime to %I', $1::text)
where not pg_has_role($1::text, 'callcenter_runtime', 'usage')

-- The statements that make the roles which tables and policies name, as far as the server does not have them.
-- name: make_roles
select array(
    select statement
    from (values
        (1, 'callcenter_company', 'create role callcenter_company nologin'),
        (2, 'callcenter_runtime', 'create role callcenter_runtime nologin noinherit'),
        (3, 'callcenter_runtime', 'grant callcenter_company to callcenter_runtime'),
        (4, 'callcenter_company', format('grant callcenter_company to %I', current_user))
    ) as wanted(place, role, statement)
    where not exists (select from pg_roles where rolname = role)
    order by place
)

-- What the login of this connection may do beyond the service's rights.
-- name: excess
select rolname as login, rolsuper as is_superuser, rolbypassrls as bypasses, rolcreaterole as makes_roles,
    exists (
        select from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and pg_has_role(relowner, 'member')
    ) as is_owner
from pg_roles where rolname = session_user

-- The roles of companies and of the service; `strong`: with more than they may have.
-- name: company_roles
select rolname as name, rolsuper or rolbypassrls or rolcanlogin as strong from pg_roles
where rolname in ('callcenter_company', 'callcenter_runtime')

-- name: guarded
select relname as name from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relrowsecurity

-- name: policies
select p.polname as name, c.relname as on_table from pg_policy p join pg_class c on c.oid = p.polrelid
where c.relnamespace = 'public'::regnamespace

-- name: triggers
select t.tgname as name, c.relname as on_table from pg_trigger t join pg_class c on c.oid = t.tgrelid
where c.relnamespace = 'public'::regnamespace and not t.tgisinternal and t.tgenabled <> 'D'
