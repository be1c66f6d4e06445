-- Requests to a node. Statements that change a state name the states from which it may be reached.

-- name: ask
-- $1 kind, $2 body, $3 who asks, $4 whom it concerns, $5 for how long it is of use, $6 whether it is about the talk in which
-- that operator is: its recording is then named in the body, and its node is asked.
with talk as (
    select k.recording, c.node
    from talks k join calls c on c.id = k.call_id
    where $6::boolean and k.operator_id = $4 and k.ended_at is null and k.channel <> ''
        and k.began_at > now() - interval '1 day'
    -- Rather the one with the caller than with whom the operator asks outside.
    order by k.kind = 'consultation', k.began_at desc limit 1
)
insert into requests (node, kind, body, asked_by, operator_id, expires_at)
select
    coalesce(
        (select node from talk),
        (select node from operators where id = $4),
        (select min(name) from nodes having count(*) = 1)),
    $1, $2::jsonb || coalesce((select jsonb_build_object('recording', recording) from talk), '{}'), $3, $4, now() + $5::interval
returning *;

-- name: notify
select pg_notify('requests', coalesce($1::text, ''));

-- name: take
update requests set state = 'taken', taken_at = now(), node = $1
where id in (
    select id from requests
    where state = 'asked' and (node = $1 or node is null) and expires_at > now()
    order by id for update skip locked)
returning id;

-- name: taken
-- The requests that this node has taken, the telephone of each, and how long it is still of use.
select r.*, 'PJSIP/' || o.endpoint as interface, r.expires_at - now() as left
from requests r join operators o on o.id = r.operator_id
where r.node = $1 and r.state = 'taken'
order by r.id;

-- name: finish
-- $2 the new state, $3 those from which it may be reached, $4 the answer.
update requests set state = $2, finished_at = now(), answer = $4
where id = $1 and state = any($3::text[])
returning *;

-- name: expire
-- A node answers the requests that it has taken; after $1 it counts as dead, and nobody knows how far it got.
with due as (
    select id from requests
    where (state = 'asked' and expires_at <= now()) or (state = 'taken' and expires_at <= now() - $1::interval)
    order by id for update skip locked
)
update requests r set
    state = 'expired', finished_at = now(),
    answer = case when r.state = 'taken' then '{"reason": "not_known"}'::jsonb else '{}' end
from due where r.id = due.id
returning r.*;

-- name: push
select push($1::jsonb);

-- name: lead
-- Only one process sweeps.
select pg_try_advisory_lock(hashtext('requests'));

-- name: forget
delete from requests where state not in ('asked', 'taken') and asked_at < now() - $1::interval;
