-- The digest of the last line of queue_log that was read, and its time: by them the place is found again in a copy of the
-- file, or when it was compressed.
alter table nodes add ledger_line text not null default '', add ledger_line_at timestamptz;

-- Whether queue_log does not fill the gap either.
alter table node_gaps add lost boolean not null default false;
