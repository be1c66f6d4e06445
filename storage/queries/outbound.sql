-- name: rules
select id, purpose, prefix, per_operator_hour, per_hour, active from outbound_rules order by id;

-- name: rule
select id, purpose, prefix, per_operator_hour, per_hour, active from outbound_rules where id = $1;

-- name: add_rule
insert into outbound_rules (purpose, prefix, per_operator_hour, per_hour, active) values ($1, $2, $3, $4, $5) returning id;

-- name: change_rule
update outbound_rules set purpose = $2, prefix = $3, per_operator_hour = $4, per_hour = $5, active = $6
where id = $1 returning id;

-- name: remove_rule
delete from outbound_rules where id = $1 returning id;

-- name: facts
-- About the number $1, in E.164, at the node $2. The number shown is that of the call that it is about ($3, or empty), else
-- of the ticket from which the operator $4 calls, else the one that was dialled from there last, else one of the company that
-- serves it, else the first of all.
select
    exists (select from calls where caller = $1 and direction = 'in' and arrived_at > now() - interval '30 days')
        or exists (select from tickets where caller = $1 and is_open(state))
        or exists (select from tickets where reverse(contact_phone) = reverse($1) and is_open(state))
        or exists (select from resident_phones where phone = $1) as resident,
    exists (select from crews where phone = $1 and active)
        or exists (select from responsibles where phone = $1 and active) as crew,
    exists (select from trunks where calls_out and name in (select name from asterisk_wanted($2) where kind = 'trunk')) as trunk,
    coalesce(
        (select number from numbers where number = $3),
        (select coalesce(min(n.number) filter (where n.number = c.did), min(n.number))
         from planned_calls p join tickets t on t.id = p.ticket_id join numbers n on n.company_id = t.company_id
         left join calls c on c.id = t.call_id
         where p.operator_id = $4 and p.number = $1 and p.at > now() - interval '5 minutes'),
        (select n.number from calls c join numbers n on n.number = c.did
         where c.caller = $1 order by c.arrived_at desc limit 1),
        (select min(n.number) from resident_phones p join residents r on r.id = p.resident_id
         join premises f on f.id = r.premises_id join houses h on h.id = f.house_id
         join numbers n on n.company_id = h.company_id where p.phone = $1),
        (select min(n.number) from crews c join numbers n on n.company_id = c.company_id where c.phone = $1),
        (select min(n.number) from responsibles c join numbers n on n.company_id = c.company_id where c.phone = $1),
        (select min(number) from numbers)) as shown;

-- name: plan
insert into planned_calls (operator_id, number, ticket_id) select $1, $2, id from tickets where id = $3
on conflict (operator_id) do update set number = excluded.number, ticket_id = excluded.ticket_id, at = now()
returning ticket_id;

-- name: plan_none
delete from planned_calls where operator_id = $1;

-- name: telephone
select endpoint from operators where id = $1 and active;

-- name: uses
select rule_id, count(*) filter (where operator_id = $1) as by_operator, count(*) as by_all
from outbound_attempts where reason = 'allowed' and rule_id is not null and at > now() - interval '1 hour' group by rule_id;

-- name: lock
-- One decision after the other, or two operators would take the same last call of a limit.
select pg_advisory_xact_lock(hashtext('calls out'));

-- name: operator
select id from operators where 'PJSIP/' || endpoint = $1;

-- name: add_attempt
insert into outbound_attempts (operator_id, number, reason, rule_id) values ($1, $2, $3, $4);

-- name: forget_attempts
delete from outbound_attempts where at < now() - interval '30 days';

-- name: attempts
select a.id, a.at, coalesce(o.name, '') as operator, a.number, a.reason, a.rule_id
from outbound_attempts a left join operators o on o.id = a.operator_id order by a.id desc limit $1;

-- name: operators
select id, name, endpoint from operators where endpoint is not null and active order by name, id;
