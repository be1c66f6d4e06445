-- How a ticket came in; tickets that turned out to be one; a ticket that several calls are about among other things.
alter table tickets add column source text not null default 'call'
    check (source in ('call', 'visit', 'letter', 'message', 'program', 'other'));
update tickets t set source = 'other'
where call_id is null and not exists (select from further_tickets f where f.ticket_id = t.id);

alter table tickets add column merged_into bigint references tickets, add check (merged_into <> id);
create index on tickets (merged_into) where merged_into is not null;

alter table further_tickets drop constraint further_tickets_pkey, add primary key (ticket_id, call_id);

alter table ticket_events drop constraint ticket_events_kind_check, add constraint ticket_events_kind_check check (kind in (
    'opened', 'edited', 'moved', 'comment', 'file', 'told', 'localised', 'sent', 'called', 'linked', 'merged'));
