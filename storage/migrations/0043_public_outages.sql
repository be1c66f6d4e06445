-- A page without a login that says what is off at a company's houses, for companies that want one.

alter table companies add outage_page text
    check (outage_page ~ '^[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?$' and length(outage_page) >= 3);
comment on column companies.outage_page is 'The name of the company''s public page of outages, in its address; null: there is no such page.';
create unique index on companies (outage_page) where outage_page is not null;
