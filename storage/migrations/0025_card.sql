-- Open tickets of a flat and of a caller, for the card that is put together while the greeting plays.
create index tickets_open_premises_idx on tickets (premises_id)
    where state not in ('closed', 'cancelled') and premises_id is not null;
create index tickets_open_caller_idx on tickets (caller) where state not in ('closed', 'cancelled');
