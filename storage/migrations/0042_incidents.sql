-- The tickets of an incident, folded in the journal, and whose telephones callers said they were.

alter type journal_filter add attribute folded boolean;

-- In the order in which they are shown, a page at a time.
create index tickets_incident_idx on tickets (parent_id, number) where parent_id is not null;
drop index tickets_parent_id_idx;

alter table outage_numbers add instead_of integer;
comment on column outage_numbers.instead_of is
    'What was reserved for the flat, before a ticket that was opened without a flat was found to be the flat''s.';
create index on outage_numbers (outage_id, instead_of) where instead_of is not null;

alter table phone_candidates add decided_by integer references operators on delete set null, add decided_at timestamptz,
    add check (confirmed is null or decided_at is not null);
create index on phone_candidates (decided_by);
