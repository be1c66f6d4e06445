-- Hand-over to crews: links, messages, and what became of them.

-- The channels that a crew has.
-- name: channels
select email is not null as email, webhook_url is not null as webhook from crews where id = $1

-- name: end_links
update crew_links set ended_at = now() where ticket_id = $1 and ended_at is null

-- Messages of the ticket that are not delivered yet are dropped.
-- name: drop
update deliveries set state = 'dropped', next_at = null where ticket_id = $1 and state in ('waiting', 'dead')

-- name: add_link
insert into crew_links (token_hash, ticket_id, crew_id, assignment, expires_at)
values ($1, $2, $3, $4, now() + $5::interval)

-- name: add_delivery
insert into deliveries (ticket_id, crew_id, way, key) values ($1, $2, $3, $4) returning id

-- name: waiting
select id from deliveries where state = 'waiting'

-- name: delivery
select d.way, d.key, d.attempts, l.assignment, l.token_hash, l.ended_at is null as wanted
from deliveries d
join crew_links l on l.ticket_id = d.ticket_id and d.key = l.assignment || '.' || d.way
where d.id = $1 and d.state = 'waiting'

-- name: of_crew
select v.*
from deliveries d
join crew_tickets v on v.ticket_id = d.ticket_id and v.crew_id = d.crew_id
where d.id = $1

-- After the key of the links was changed, the link of a message that is sent now is another one.
-- name: renew_token
update crew_links set token_hash = $2 where assignment = $1

-- name: drop_one
update deliveries set state = 'dropped', next_at = null where id = $1 and state = 'waiting'

-- Recorded once, however often the message was sent.
-- name: delivered
with told as (
    update deliveries
    set state = 'delivered', delivered_at = now(), attempts = attempts + 1, problem = '', next_at = null
    where id = $1 and state = 'waiting'
    returning ticket_id, crew_id, way
), noted as (
    insert into ticket_events (ticket_id, crew_id, kind, changes)
    select ticket_id, crew_id, 'sent', jsonb_build_object('way', jsonb_build_array(null, way)) from told
)
select pg_notify('tickets', json_build_object('ticket', t.id, 'company', t.company_id)::text)
from told
join tickets t on t.id = told.ticket_id

-- name: failed
update deliveries
set attempts = attempts + 1,
    problem = $2,
    state = case when $3::interval is null then 'dead' else 'waiting' end,
    next_at = now() + $3::interval
where id = $1 and state = 'waiting'

-- Messages that a person must look at: $1 is the company, null for all.
-- name: undelivered
select d.id, d.ticket_id, t.number, m.name as company, m.zone, k.name as crew, d.way, d.state, d.attempts, d.problem,
       d.created_at, d.next_at
from deliveries d
join tickets t on t.id = d.ticket_id
join companies m on m.id = t.company_id
join crews k on k.id = d.crew_id
where d.state in ('waiting', 'dead') and ($1::integer is null or t.company_id = $1)
order by d.state, d.id
limit $2

-- Try again from the first attempt, with a link that lasts as long as a new one ($3).
-- name: revive
with revived as (
    update deliveries d
    set state = 'waiting', attempts = 0, next_at = null
    from tickets t
    where d.id = $1 and d.state = 'dead' and t.id = d.ticket_id and ($2::integer is null or t.company_id = $2)
    returning d.ticket_id, d.way, d.key, t.company_id
), renewed as (
    update crew_links l set expires_at = greatest(l.expires_at, now() + $3::interval)
    from revived r
    where r.key = l.assignment || '.' || r.way
)
select ticket_id, company_id from revived

-- The ticket behind a link, unless the link has ended: by time, because the ticket went elsewhere, or because it is over.
-- name: link
select v.*
from crew_links l
join crew_tickets v on v.ticket_id = l.ticket_id and v.crew_id = l.crew_id
where l.token_hash = $1
  and l.ended_at is null
  and l.expires_at > now()
  and is_open(v.state)

-- name: files
select count(*) from ticket_files where ticket_id = $1
