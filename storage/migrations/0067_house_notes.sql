-- What operators should know of a house: shown on the card of whoever calls from it.
alter table houses add column notes text not null default '' check (length(notes) <= 1000);

-- An administrator changes the order in one statement, which is checked at its end.
alter table pause_reasons drop constraint pause_reasons_place_key;
alter table pause_reasons add constraint pause_reasons_place_key unique (place) deferrable;
