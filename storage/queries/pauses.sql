-- What Asterisk did to the recording $1 of the operator $2 at $3.

-- name: pause
with made as (
    insert into recording_pauses (recording, call_id, operator_id, began_at)
    select k.recording, k.call_id, $2, $3::timestamptz
    from talks k
    where k.recording = $1 and k.ended_at is null
        and not exists (select from recording_pauses p where p.recording = $1 and p.ended_at is null)
    returning call_id, began_at
)
select push(jsonb_build_array(jsonb_build_object(
    'audience', 'operator:' || $2::integer, 'kind', 'recording',
    'body', jsonb_build_object('call', call_id, 'paused_since', began_at)))) from made;

-- name: resume
with made as (
    update recording_pauses set ended_at = greatest(began_at, $3::timestamptz)
    where recording = $1 and ended_at is null
    returning call_id
)
select push(jsonb_build_array(jsonb_build_object(
    'audience', 'operator:' || $2::integer, 'kind', 'recording',
    'body', jsonb_build_object('call', call_id, 'paused_since', null)))) from made limit 1;
