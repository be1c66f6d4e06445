-- What the person $2, or $1 where there is no ticket, has typed and not saved.

-- name: draft
select category_id, subject from filing_drafts where ticket_id = $1 and operator_id = $2;

-- name: keep
insert into filing_drafts (ticket_id, operator_id, category_id, subject)
values ($1, $2, (select id from categories where id = $3 and company_id = $5), $4)
on conflict (ticket_id, operator_id) do update set
    category_id = excluded.category_id, subject = excluded.subject, saved_at = now();

-- name: forget
delete from filing_drafts where ticket_id = $1 and operator_id = $2;

-- What was left lying is not asked about for ever.
-- name: forget_old
delete from filing_drafts where operator_id = $1 and saved_at < now() - interval '7 days';

-- name: unfinished
select t.id, t.number from filing_drafts d join tickets t on t.id = d.ticket_id
where d.operator_id = $1 and is_open(t.state) and d.saved_at > now() - interval '12 hours'
order by d.saved_at limit 8;
