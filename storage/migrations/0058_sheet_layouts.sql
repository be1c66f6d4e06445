-- What was said of an uploaded sheet before it is imported (callcenter/directory/importing.py: ImportChoices).
alter table directory_uploads add column choices jsonb not null default '{}';

-- Columns of a company's sheets as they were assigned by hand: for each heading (all empty: there are none) the column's
-- name, or nothing when it is left out.
create table sheet_layouts (
    company_id integer     not null references companies on delete cascade,
    headings   text[]      not null,
    columns    text[]      not null,
    at         timestamptz not null default now(),
    primary key (company_id, headings),
    check (cardinality(headings) = cardinality(columns) and cardinality(headings) between 1 and 40)
);
