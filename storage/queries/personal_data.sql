-- Personal data that a company's policy removes: its terms, what is due, and the runs that remove it. Company 0 is the centre
-- itself: what belongs to no company.

-- Only one process removes it by night.
-- name: lead
select pg_try_advisory_lock(hashtext('personal data'));

-- Every company and the centre, with the terms, the last run that has ended, and since when something is to be done.
-- name: companies
select c.id, c.name, c.zone, coalesce(t.terms, '{}') as terms, t.since, r.id as run, r.day, r.began_at, r.finished_at,
    coalesce(r.removed, '{}') as removed, coalesce(r.left_behind, '{}') as left_behind
from (
    select id, name, zone from companies
    union all
    select 0, '', coalesce((select zone from companies group by zone order by count(*) desc, zone limit 1), 'Europe/Moscow')
) c
left join lateral (
    select jsonb_object_agg(kind, months) as terms, min(set_at) as since from keeping_terms where coalesce(company_id, 0) = c.id
) t on true
left join lateral (
    select * from keeping_runs where coalesce(company_id, 0) = c.id and finished_at is not null order by day desc, id desc limit 1
) r on true
where $1::integer is null or c.id = $1
order by c.id = 0, c.name, c.id;

-- name: forget_terms
delete from keeping_terms where coalesce(company_id, 0) = $1;

-- name: set_term
insert into keeping_terms (company_id, kind, months, set_by) values (nullif($1::integer, 0), $2, $3, $4);

-- The run of a company that has not ended.
-- name: unfinished
select id, terms from keeping_runs where coalesce(company_id, 0) = $1 and finished_at is null;

-- Begin one, on the day on which it is at $2 where the company is, with up to which moment each kind goes. Nothing when one has not ended, or no term is set.
-- name: begin
insert into keeping_runs (company_id, day, terms)
select nullif($1::integer, 0), ($2::timestamptz at time zone $3)::date, terms
from (
    select jsonb_object_agg(kind, jsonb_build_object('months', months, 'until', term_until(months, $2, $3))) as terms
    from keeping_terms where coalesce(company_id, 0) = $1
) due where terms is not null
on conflict do nothing
returning id, terms;

-- name: until
select term_until($1, $2, $3);

-- name: due_calls
select * from due_calls($1, $2, $3, $4, $5);

-- name: due_tickets
select * from due_tickets($1, $2, $3, $4, $5);

-- name: due_links
select * from due_links($1, $2, $3, $4, $5);

-- name: due_residents
select * from due_residents($1, $2, $3, $4, $5);

-- name: due_audit
select * from due_audit($1, $2, $3, $4, $5);

-- name: forget_calls
select forget_calls($1);

-- name: forget_tickets
select forget_tickets($1);

-- name: forget_links
select forget_links($1);

-- name: forget_residents
select forget_residents($1);

-- name: forget_audit
select forget_audit($1);

-- name: forget_files
delete from ticket_files where ticket_id = any($1::text[]::bigint[]) returning object_key;

-- name: empty_entries
select empty_entries($1, $2::text[]::bigint[], $3::text[]::bigint[]);

-- What could not be written of calls has their numbers in it, and no company.
-- name: forget_unwritten
with gone as (delete from unwritten where at < $1 returning id) select count(*) from gone;

-- Add to what the run $1 removed. Nothing when it has ended.
-- name: count
update keeping_runs set removed = removed || (
    select coalesce(jsonb_object_agg(key, value::bigint + coalesce((removed ->> key)::bigint, 0)), '{}')
    from jsonb_each_text($2::jsonb)
)
where id = $1 and finished_at is null returning id;

-- name: finish
update keeping_runs set finished_at = now(), left_behind = $2 where id = $1 and finished_at is null
returning coalesce(company_id, 0) as company, day, began_at, terms, removed;

-- name: report
update keeping_runs set entry = append_ledger($2, 'personal data removed', $3) where id = $1;

-- The last $2 runs of the company $1 that have ended.
-- name: reports
select r.id, r.day, r.began_at, r.finished_at, r.terms, r.removed, r.left_behind, r.entry from keeping_runs r
where coalesce(r.company_id, 0) = $1 and r.finished_at is not null order by r.day desc, r.id desc limit $2;

-- Companies whose terms have stood for two days without a run that ended since, and how many seconds ago the last one ended.
-- name: state
select count(*) filter (where has_terms and coalesce(last, since) < now() - interval '2 days')::integer as overdue,
    count(*) filter (where not has_terms and id <> 0)::integer as unset,
    extract(epoch from now() - max(last))::double precision as last_s
from (
    select c.id, t.since, t.since is not null as has_terms,
        (select max(finished_at) from keeping_runs where coalesce(company_id, 0) = c.id) as last
    from (select id from companies union all select 0) c
    left join lateral (select max(set_at) as since from keeping_terms where coalesce(company_id, 0) = c.id) t on true
) each;
