-- Words, and in which four weeks a ticket was opened, in one index: the words of some weeks are found without reading what all
-- the years have of each (docs/decisions/0034). It serves searches without weeks as the former did, also of an earlier version.
create index tickets_search_weeks_idx on tickets
    using gin (search, (array[((opened_at at time zone 'UTC')::date - date '2000-01-01') / 28]));
drop index tickets_search_idx;
