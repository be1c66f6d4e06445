-- What comes with the made-up calls: what happened in each, its talk and the recording of it, the operator's time after it, and
-- who looked at them.

-- The recording of a call's talk.
-- name: recording
create function pg_temp.recording(call text, answered_at timestamptz) returns text language sql immutable as $$
    select format('%s_made-%s.9%s_%s', call, floor(extract(epoch from answered_at))::bigint, split_part(call, '.', 2),
                  floor(extract(epoch from answered_at))::bigint)
$$

-- Calls of days that are counted already come too, and the trigger that would tell is off.
-- name: untally
delete from call_tallies

-- name: name_recordings
create temporary table made_calls on commit drop as
select c.*, pg_temp.recording(c.id, c.answered_at) as name, row_number() over () as place
from calls c where c.node = 'made' and not exists (select from call_events e where e.call_id = c.id)

-- name: analyze_calls
analyze made_calls

-- name: call_events
insert into call_events (call_id, kind, source, at, seen_at, data)
select c.id, e.kind, 'live', e.at, e.at + interval '5 ms',
       case when e.told then jsonb_build_object('operator', 'PJSIP/made-' || c.operator_id) else '{}' end
from made_calls c
cross join lateral (
    values ('CallArrived', c.arrived_at, false), ('CallQueued', c.queued_at, false),
           ('OperatorRang', case when c.outcome = 'answered' then c.answered_at - interval '2 s' end, true),
           ('OperatorAnswered', c.answered_at, true), ('TalkEnded', c.talk_ended_at, true),
           (case when c.outcome = 'timed_out' then 'QueueTimedOut' else 'CallerAbandoned' end,
            case when c.outcome <> 'answered' then c.left_at end, false),
           ('CallEnded', c.ended_at, false)
) e (kind, at, told)
where e.at is not null

-- name: talks
insert into talks (recording, call_id, kind, interface, operator_id, began_at, ended_at, ended_by)
select name, id, 'queue', 'PJSIP/made-' || operator_id, operator_id, answered_at, talk_ended_at, ended_by
from made_calls where outcome = 'answered'

-- name: recordings
insert into recordings (name, node, call_id, ticket_id, state, sha256, size, duration_s, object_key, expected_at, recorded_at,
                        stored_at, verified_at, attached_at, company_id, rate, channels, retain_until, locked_until, copy_wanted)
select c.name, 'made', c.id, m.id, 'attached', sha256(c.name::bytea), 44 + 16000 * c.talk_s::bigint, c.talk_s,
       format('recordings/%s/%s', to_char(c.answered_at, 'YYYY/MM/DD'), c.name), c.answered_at, c.talk_ended_at,
       c.talk_ended_at + interval '2 s', c.talk_ended_at + interval '3 s', c.talk_ended_at + interval '4 s', c.company_id, 8000, 1,
       c.answered_at + k.retention_days * interval '1 day', c.answered_at + k.retention_days * interval '1 day', false
from made_calls c
join companies k on k.id = c.company_id
left join made m on m.call_id = c.id
where c.outcome = 'answered'

-- name: wrap_ups
insert into wrap_ups (operator_id, call_id, began_at, ended_at)
select operator_id, id, talk_ended_at, talk_ended_at + make_interval(secs => 1 + pg_temp.pick(place, 60, 40))
from made_calls where outcome = 'answered'
on conflict do nothing

-- Somebody looked at every third call: as a rule at its ticket, else at the call, or heard it.
-- name: audit
insert into audit_log (at, operator_id, company_id, action, subject, subject_id, address)
select c.ended_at + interval '5 min', o.id, c.company_id,
       case when m.id is not null then 'viewed ticket' when c.operator_id is null then 'viewed call' else 'listened to recording' end,
       case when m.id is not null then 'ticket' when c.operator_id is null then 'call' else 'recording' end,
       coalesce(m.id::text, c.id), '10.0.0.' || o.n
from made_calls c
left join made m on m.call_id = c.id
join made_operators o on o.n = pg_temp.pick(c.place, 61, (select count(*)::integer from made_operators))
where c.place % 3 = 0
order by c.ended_at
