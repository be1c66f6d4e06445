-- name: ask
select pg_notify('recording', json_build_object('operator', $1::integer, 'paused', $2::boolean)::text);

-- name: talk
-- The talk that this operator is in on this node.
select k.recording, k.call_id, k.channel
from talks k join calls c on c.id = k.call_id
where k.operator_id = $1 and c.node = $2 and k.ended_at is null and k.channel <> '' and k.began_at > now() - interval '1 day'
order by k.began_at desc limit 1;

-- name: pause
with made as (
    insert into recording_pauses (recording, call_id, operator_id, began_at)
    select $1, $2, $3, now() where not exists (select from recording_pauses where recording = $1 and ended_at is null)
    returning began_at
)
select push(jsonb_build_array(jsonb_build_object(
    'audience', 'operator:' || $3::integer, 'kind', 'recording',
    'body', jsonb_build_object('call', $2::text, 'paused_since', began_at)))) from made;

-- name: resume
with made as (
    update recording_pauses set ended_at = now() where recording = $1 and call_id = $2 and ended_at is null returning id
)
select push(jsonb_build_array(jsonb_build_object(
    'audience', 'operator:' || $3::integer, 'kind', 'recording',
    'body', jsonb_build_object('call', $2::text, 'paused_since', null)))) from made limit 1;
