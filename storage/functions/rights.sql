-- What the service may do, whose login is a member of callcenter_runtime: read and write rows, but not the schema. Applied
-- again after each migration, so new tables are included; a view or function stands with its own grant.
grant usage on schema public to callcenter_runtime;
grant select, insert, update, delete on all tables in schema public to callcenter_runtime;
grant usage on all sequences in schema public to callcenter_runtime;
-- The migrator's own.
revoke insert, update, delete on schema_migrations, schema_files, defaults, stepped_back from callcenter_runtime;
-- Only added to: the audit log, and what happened to a ticket, a recording and a link.
revoke update, delete on audit_log, ticket_events, recording_plays, share_link_uses from callcenter_runtime;
-- How much was heard or sent grows during a listening.
grant update (sent, heard, last_at) on recording_plays to callcenter_runtime;
grant update (sent) on share_link_uses to callcenter_runtime;
-- The custody chain is written by its triggers and append_ledger() alone.
revoke insert, update, delete on ledger_entries, ledger_heads from callcenter_runtime;
-- Kept for good.
revoke delete on companies, operators, calls, call_events, talks, tickets, recordings, legal_holds, evidence_packs,
    share_links, share_link_recordings from callcenter_runtime;

-- Row-level security restricts callcenter_company alone.
do $$ declare
    name text;
begin
    for name in
        select relname from pg_class c
        where relnamespace = 'public'::regnamespace and relrowsecurity
            and not exists (select from pg_policy where polrelid = c.oid and polname = 'service')
    loop
        execute format('create policy service on %I to callcenter_runtime using (true) with check (true)', name);
    end loop;
end $$;
