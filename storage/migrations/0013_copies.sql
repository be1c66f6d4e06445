-- Whether the recording still waits for its copy for listening: what has one, or can have none, is not looked at again.
alter table recordings add copy_wanted boolean not null default true;
create index recordings_copy_wanted on recordings (node, id) where copy_wanted and state = 'attached';
