-- Everything that is known of one call, for `callcenter trace`. Ids alone: no names, numbers, addresses or words.

-- name: call
select c.id, c.node, c.direction, c.state, c.outcome, c.arrived_at, c.ended_at, c.rebuilt, c.imported,
    ticket_of_call(c.id) as ticket_id, k.no_ticket
from calls c left join call_cards k on k.call_id = c.id where c.id = $1

-- Each fact with its source, what it is and its ids, in order of time.
-- name: facts
with tickets_of as (
    select id from tickets where call_id = $1
    union select ticket_id from joined_calls where call_id = $1
    union select ticket_id from announcements where call_id = $1 and ticket_id is not null
), recordings_of as (
    select * from recordings where call_id = $1
), facts (at, source, what, details) as (
    select e.at, case e.source when 'live' then 'ami' when 'desk' then 'service' else e.source end, e.kind,
        jsonb_build_object('seen_after_s', round(extract(epoch from e.seen_at - e.at)::numeric, 3))
    from call_events e where e.call_id = $1
    union all
    select began_at, 'database', 'talk began', jsonb_build_object('recording', recording, 'operator', operator_id, 'kind', kind)
    from talks where call_id = $1
    union all
    select ended_at, 'database', 'talk ended', jsonb_build_object('recording', recording, 'by', ended_by)
    from talks where call_id = $1 and ended_at is not null
    union all
    select m.at, 'recording', m.what, jsonb_build_object('recording', r.id, 'state', r.state, 'defect', r.defect)
    from recordings_of r cross join lateral (values
        (r.recorded_at, 'complete on the disk'), (r.stored_at, 'in the store'), (r.verified_at, 'read back and compared'),
        (r.attached_at, 'attached'), (r.deleted_at, 'deleted')) as m (at, what)
    where m.at is not null
    union all
    select c.made_at, 'recording', coalesce('no copy: ' || c.problem, 'copy made'), jsonb_build_object('recording', c.recording_id)
    from recording_copies c where c.recording_id in (select id from recordings_of)
    union all
    select h.checked_at, 'recording', coalesce('read back: ' || h.problem, 'read back again'),
        jsonb_build_object('recording', h.recording_id)
    from recording_hashes h where h.recording_id in (select id from recordings_of)
    union all
    select m.at, 'database', m.what, jsonb_build_object('operator', p.operator_id)
    from recording_pauses p cross join lateral (values
        (p.began_at, 'recording paused'), (p.ended_at, 'recording goes on')) as m (at, what)
    where p.call_id = $1 and m.at is not null
    union all
    select m.at, 'database', m.what, jsonb_build_object('outage', a.outage_id, 'whole', a.whole)
    from announcements a cross join lateral (values
        (a.began_at, 'announcement began'), (a.ended_at, 'announcement ended')) as m (at, what)
    where a.call_id = $1 and m.at is not null
    union all
    select settled_at, 'database', 'caller settled', jsonb_build_object('operator', operator_id, 'no_ticket', no_ticket)
    from call_cards where call_id = $1
    union all
    select joined_at, 'database', 'joined to a ticket', jsonb_build_object('ticket', ticket_id, 'operator', operator_id)
    from joined_calls where call_id = $1
    union all
    select m.at, 'request', q.kind || ' ' || m.what, jsonb_build_object('request', q.id, 'operator', q.operator_id)
    from requests q cross join lateral (values
        (q.asked_at, 'asked'), (q.taken_at, 'taken'), (q.finished_at, q.state)) as m (at, what)
    where m.at is not null and q.body ->> 'recording' in (select recording from talks where call_id = $1)
    union all
    select opened_at, 'ticket', 'opened', jsonb_build_object('ticket', id) from tickets where call_id = $1
    union all
    select at, 'ticket', kind || coalesce(' ' || to_state, ''), jsonb_build_object('ticket', ticket_id, 'operator', operator_id)
    from ticket_events where ticket_id in (select id from tickets_of)
    union all
    select m.at, 'delivery', d.way || ' ' || m.what, jsonb_build_object('delivery', d.id, 'crew', d.crew_id, 'attempts', d.attempts)
    from deliveries d cross join lateral (values
        (d.created_at, 'ordered'), (d.delivered_at, 'delivered'), (d.next_at, 'to be tried again')) as m (at, what)
    where m.at is not null and d.ticket_id in (select id from tickets_of)
    union all
    select at, 'custody chain', kind, jsonb_build_object('company', company_id, 'entry', seq)
    from ledger_entries where recording_id in (select id from recordings_of)
    union all
    select at, 'listening', 'played', jsonb_build_object('recording', recording_id, 'person', operator_id, 'reason', reason)
    from recording_plays where recording_id in (select id from recordings_of)
    union all
    select u.at, 'listening', 'link ' || u.kind, jsonb_build_object('link', u.link_id)
    from share_link_uses u where u.link_id in (
        select link_id from share_link_recordings where recording_id in (select id from recordings_of))
    union all
    select m.at, 'evidence', 'pack ' || m.what, jsonb_build_object('pack', p.id, 'person', p.operator_id)
    from evidence_packs p cross join lateral (values (p.asked_at, 'ordered'), (p.ready_at, 'ready')) as m (at, what)
    where m.at is not null and p.ticket_id in (select id from tickets_of)
    union all
    select at, 'audit', action, jsonb_build_object('person', operator_id, 'of', subject || ' ' || subject_id)
    from audit_log
    where (subject = 'ticket' and subject_id in (select id::text from tickets_of))
        or (subject = 'recording' and subject_id in (select id::text from recordings_of))
        or (subject = 'call' and subject_id = $1)
)
select at, source, what, jsonb_strip_nulls(details) as details from facts order by at, source, what

-- Of each talk what became of its recording.
-- name: talks
select t.recording, t.began_at, t.ended_at, t.kind, r.state, r.defect
from talks t left join recordings r on r.name = t.recording where t.call_id = $1 order by t.began_at

-- When the node $1 saw nothing between $2 and $3.
-- name: gaps
select began_at, ended_at, lost from node_gaps
where node = $1 and began_at < coalesce($3, now()) and ended_at > $2 order by began_at
