-- What stands before the numbers of a company's town when people leave it out, and a company's numbers as they were typed.

alter table companies add city_code text not null default '' check (city_code ~ '^([1-9][0-9]{1,4})?$');
alter table numbers add typed text;
comment on column numbers.typed is 'As the administrator typed it; null where nobody did.';
