-- Which version of the ticket an event made: what others changed since a version is read from here.
alter table ticket_events add version integer;
