-- What a back-up names and a restored database is compared with.

-- name: tables
select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')

-- The walls between companies, each as one text: tables with row-level security …
-- name: secured
select jsonb_build_array(relname, relforcerowsecurity)::text from pg_class
where relnamespace = 'public'::regnamespace and relrowsecurity order by 1

-- … their policies …
-- name: policies
select jsonb_build_array(tablename, policyname, permissive, roles, cmd, qual, with_check)::text from pg_policies
where schemaname = 'public' order by 1

-- … and what our roles may do with which table, column and function.
-- name: rights
select jsonb_build_array(kind, grantee, name, part, privilege)::text
from (
    select 'table' as kind, grantee, table_name::text as name, '' as part, privilege_type as privilege
    from information_schema.role_table_grants where table_schema = 'public'
    union
    select 'column', grantee, table_name, column_name, privilege_type
    from information_schema.role_column_grants where table_schema = 'public'
    union
    select 'function', r.rolname, p.oid::regprocedure::text, '', 'EXECUTE'
    from pg_proc p cross join pg_roles r
    where p.pronamespace = 'public'::regnamespace and has_function_privilege(r.oid, p.oid, 'execute')
) as granted
where grantee in ('callcenter_company', 'callcenter_runtime') order by 1

-- name: migrations
select name, sha256 from schema_migrations order by name

-- How far each node has read its ledger.
-- name: ledgers
select name, ledger_inode, ledger_offset, ledger_line, ledger_line_at from nodes order by name

-- Every object that a row names: with its version where one is named, for there may be newer ones of that key; and what it may
-- be. Under the key of a FLAC an earlier version of this program has stored the WAV.
-- name: objects
select object_key as key, version_id as version,
    array_remove(array[encode(sha256, 'hex'), encode(stored_sha256, 'hex')], null) as sha256 from recordings
where state in ('stored', 'verified', 'attached', 'expired')
union
select object_key, version_id, array[encode(sha256, 'hex')] from recording_copies where object_key is not null
order by key

-- An object of a recording that was brought into another store, or made anew there, has another version $2 and is locked until
-- $3. It goes the way of every recording, so the custody chain says so.
-- name: moved_away
update recordings set state = 'recorded', version_id = null, locked_until = null, held = false
where object_key = $1 and state in ('stored', 'verified', 'attached', 'expired')

-- name: moved_in
update recordings set state = 'stored', stored_at = now(), version_id = $2, locked_until = $3
where object_key = $1 and state = 'recorded'

-- name: moved_verified
update recordings set state = 'verified', verified_at = now() where object_key = $1 and state = 'stored'

-- name: moved_back
update recordings set state = $2 where object_key = $1 and state = 'verified' and $2 <> 'verified'

-- name: recording
select state, retain_until from recordings where object_key = $1 and state in ('stored', 'verified', 'attached', 'expired')

-- name: copy_moved
update recording_copies set version_id = $2, made_at = now() where object_key = $1
