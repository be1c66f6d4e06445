-- Who is told of outages, and what became of each message.

-- name: recipients
select r.id, r.company_id, c.name as company, r.name, r.party, r.way, r.address, r.language, r.active
from outage_recipients r join companies c on c.id = r.company_id
where $1::integer is null or r.company_id = $1 order by c.name, r.name, r.id;

-- name: add_recipient
insert into outage_recipients (company_id, name, party, way, address, language, active, secret)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- A webhook keeps its secret; what becomes one gets $8.
-- name: change_recipient
with before as (
    select id, secret is null as bare from outage_recipients
    where id = $1 and ($9::integer is null or company_id = $9) for update
)
update outage_recipients r set name = $2, party = $3, way = $4, address = $5, language = $6, active = $7,
    secret = case when $4 = 'webhook' then coalesce(r.secret, $8) end
from before where r.id = before.id
returning r.company_id, before.bare and r.secret is not null as fresh;

-- name: active
select id from outage_recipients where company_id = $1 and active order by id;

-- What has not arrived is out of date now.
-- name: supersede
update outage_notices set state = 'dropped', next_at = null where outage_id = $1 and state in ('waiting', 'dead');

-- name: drop
update outage_notices set state = 'dropped', next_at = null where recipient_id = $1 and state in ('waiting', 'dead');

-- name: add
insert into outage_notices (outage_id, recipient_id, event, body, key) values ($1, $2, $3, $4, $5) returning id;

-- name: waiting
select id from outage_notices where state = 'waiting';

-- name: notice
select n.key, n.event, n.body, n.attempts, r.way, r.name as recipient, r.address, r.secret, r.language
from outage_notices n join outage_recipients r on r.id = n.recipient_id
where n.id = $1 and n.state = 'waiting';

-- name: delivered
update outage_notices
set state = 'delivered', delivered_at = now(), attempts = attempts + 1, problem = '', next_at = null
where id = $1 and state = 'waiting';

-- name: failed
update outage_notices
set attempts = attempts + 1, problem = $2, next_at = now() + $3::interval,
    state = case when $3::interval is null then 'dead' else 'waiting' end
where id = $1 and state = 'waiting';

-- name: undelivered
select n.id, n.outage_id, n.event, c.name as company, c.zone, r.name as recipient, r.way, n.state, n.attempts, n.problem,
       n.created_at, n.next_at
from outage_notices n
join outage_recipients r on r.id = n.recipient_id
join companies c on c.id = r.company_id
where n.state in ('waiting', 'dead') and ($1::integer is null or c.id = $1)
order by n.state, n.id limit $2;

-- name: revive
update outage_notices n set state = 'waiting', attempts = 0, next_at = null
from outage_recipients r
where n.id = $1 and n.state = 'dead' and r.id = n.recipient_id and ($2::integer is null or r.company_id = $2)
returning r.company_id;
