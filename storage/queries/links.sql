-- Links by which somebody outside may play and download recordings of a ticket.

-- The recordings of the ticket $1 that can be played, oldest first.
-- name: offered
select r.id, coalesce(k.began_at, c.answered_at, r.recorded_at) as at, r.duration_s, coalesce(o.name, '') as operator
from recordings_of_ticket($1) as of_ticket (id)
join recordings r on r.id = of_ticket.id and r.state in ('verified', 'attached')
left join calls c on c.id = r.call_id
left join talks k on k.recording = r.name
left join operators o on o.id = coalesce(k.operator_id, c.operator_id)
order by at, r.id;

-- name: add
insert into share_links
    (company_id, ticket_id, token_hash, recipient, email, purpose, language, pin_hash, fetches, made_by, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now() + $11::interval)
returning id, expires_at;

-- name: add_recordings
insert into share_link_recordings (link_id, place, recording_id)
select $1, place, id from unnest($2::bigint[]) with ordinality as given (id, place);

-- name: mailed
update share_links set sent_at = case when $2 = '' then now() end, problem = $2 where id = $1;

-- name: revoke
update share_links l set revoked_at = now(), revoked_by = $3
where l.id = $1 and l.ticket_id = $2 and l.revoked_at is null
returning l.company_id;

-- The links of the ticket $1, newest first; $2: wrong PINs after which one is locked.
-- name: of_ticket
select l.id, l.recipient, l.email, l.purpose, l.pin_hash is not null as has_pin, l.fetches, l.made_at, l.expires_at,
       l.revoked_at, l.sent_at, l.problem, m.name as made_by, coalesce(v.name, '') as revoked_by,
       case when l.revoked_at is not null then 'revoked' when l.pin_failures >= $2 then 'locked'
            when l.expires_at <= now() then 'expired' else 'open' end as state,
       (select count(*) from share_link_recordings r where r.link_id = l.id) as recordings
from share_links l
join operators m on m.id = l.made_by
left join operators v on v.id = l.revoked_by
where l.ticket_id = $1
order by l.id desc;

-- The newest $2 uses of each of the links $1.
-- name: uses
select u.link_id, u.at, u.kind, u.place, u.address, u.browser, u.sent
from unnest($1::bigint[]) as wanted (id)
cross join lateral (select * from share_link_uses where link_id = wanted.id order by id desc limit $2) u
order by u.link_id, u.id desc;

-- The holder's side.

-- name: find
select l.id, l.ticket_id, l.company_id, m.name as company, m.zone, t.number, l.recipient, l.purpose, l.language,
       l.pin_hash is not null as has_pin, l.fetches, l.expires_at
from share_links l
join tickets t on t.id = l.ticket_id
join companies m on m.id = l.company_id
where l.token_hash = $1 and l.revoked_at is null and l.expires_at > now() and l.pin_failures < $2;

-- name: works
select exists (select from share_links where id = $1 and revoked_at is null and expires_at > now() and pin_failures < $2);

-- name: lock
select fetches from share_links
where id = $1 and revoked_at is null and expires_at > now() and pin_failures < $2
for update;

-- What the link $1 gives access to. `state` says whether a recording is still there.
-- name: recordings
select s.place, r.id, r.object_key, r.version_id, r.size, r.sha256, r.duration_s, r.state in ('verified', 'attached') as kept,
       as_chained(r) as as_chained, coalesce(k.began_at, c.answered_at, r.recorded_at) as at,
       p.object_key as copy_key, p.version_id as copy_version, p.size as copy_size, p.media_type as copy_type,
       copy_as_chained(p) as copy_as_chained,
       coalesce((select sum(u.sent) from share_link_uses u
                 where u.link_id = $1 and u.place = s.place and u.kind = 'listened' and not u.of_original), 0)::bigint
           as listened,
       coalesce((select sum(u.sent) from share_link_uses u
                 where u.link_id = $1 and u.place = s.place and u.kind = 'listened' and u.of_original), 0)::bigint
           as listened_original,
       coalesce((select sum(u.sent) from share_link_uses u
                 where u.link_id = $1 and u.place = s.place and u.kind = 'original'), 0)::bigint as original,
       coalesce((select sum(u.sent) from share_link_uses u
                 where u.link_id = $1 and u.place = s.place and u.kind = 'copy'), 0)::bigint as copy
from share_link_recordings s
join recordings r on r.id = s.recording_id
left join recording_copies p on p.recording_id = r.id and p.object_key is not null
left join calls c on c.id = r.call_id
left join talks k on k.recording = r.name
where s.link_id = $1 and ($2::integer is null or s.place = $2)
order by s.place;

-- Record a use; one by the same address in the last five minutes is extended, but each attempt at a PIN is recorded.
-- name: use
with continued as (
    update share_link_uses set sent = sent + $6
    where id = (
        select id from share_link_uses
        where link_id = $1 and kind = $2 and place is not distinct from $3 and address = $4
            and of_original = $7 and at > now() - interval '5 minutes' and kind <> 'wrong pin'
        order by id desc limit 1)
    returning id
), added as (
    insert into share_link_uses (link_id, kind, place, address, browser, sent, of_original)
    select $1, $2, $3, $4, $5, $6, $7 where not exists (select from continued)
    returning id
)
select id, true as new from added union all select id, false from continued;

-- Give back what was reserved and not sent.
-- name: settle
update share_link_uses set sent = sent - $2 where id = $1;

-- Count an attempt at the PIN before it is checked.
-- name: try_pin
update share_links set pin_failures = pin_failures + 1
where id = $1 and revoked_at is null and expires_at > now() and pin_failures < $2
returning pin_hash, pin_failures;

-- name: pin_was_right
with expired as (
    delete from share_link_visits where expires_at < now()
), forgiven as (
    update share_links set pin_failures = 0 where id = $2
)
insert into share_link_visits (token_hash, link_id, expires_at) values ($1, $2, now() + $3::interval);

-- name: visits
select exists (select from share_link_visits where token_hash = $1 and link_id = $2 and expires_at > now());
