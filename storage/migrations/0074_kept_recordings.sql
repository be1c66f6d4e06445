-- What the keeper asks every two seconds, of as many recordings as there are: which ones the store must still be told of.
create index recordings_to_lock on recordings (id)
    where state = 'attached' and (locked_until is null or locked_until < retain_until);
create index recordings_held on recordings (id) where held;
