-- Legal holds on tickets, and how their recordings are kept.

-- name: of_ticket
select h.id, h.reason, p.name as placed_by, h.placed_at, coalesce(r.name, '') as released_by, h.released_at
from legal_holds h join operators p on p.id = h.placed_by left join operators r on r.id = h.released_by
where h.ticket_id = $1 order by h.id desc;

-- name: kept
select count(*) filter (where state <> 'deleted') as recordings,
    count(*) filter (where state <> 'deleted' and locked_until > now()) as locked,
    count(*) filter (where state <> 'deleted' and held) as held,
    count(*) filter (where state = 'deleted') as deleted,
    max(retain_until) filter (where state <> 'deleted') as kept_until
from recordings where id in (select recordings_of_ticket($1)) and state not in ('expected', 'missing');

-- name: place
insert into legal_holds (ticket_id, reason, placed_by) values ($1, $2, $3)
on conflict (ticket_id) where released_at is null do nothing
returning id;

-- name: release
update legal_holds set released_by = $2, released_at = now() where ticket_id = $1 and released_at is null returning id;
