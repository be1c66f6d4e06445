-- Evidence packs: the order, its progress, and the facts that go into one.

-- name: being_made
select count(*) from evidence_packs where ticket_id = $1 and state in ('waiting', 'running')

-- name: add
insert into evidence_packs (ticket_id, company_id, operator_id, language) values ($1, $2, $3, $4) returning id

-- name: of_ticket
select p.id, p.language, p.state, p.done, p.expected, p.problem, p.size, p.sha256, p.asked_at, p.ready_at, p.expires_at,
       p.object_key is not null as kept, o.name as person
from evidence_packs p join operators o on o.id = p.operator_id
where p.ticket_id = $1 order by p.id desc limit 30

-- name: file
select p.id, p.company_id, p.object_key, p.size, t.number
from evidence_packs p join tickets t on t.id = p.ticket_id
where p.ticket_id = $1 and p.id = $2 and p.state = 'ready' and p.object_key is not null

-- name: chain
select append_ledger($1, $2, $3)

-- name: owed
select id::text from evidence_packs where state in ('waiting', 'running') order by id

-- name: begin
update evidence_packs set state = 'running', attempts = attempts + 1, done = 0, expected = null, problem = null
where id = $1 and state in ('waiting', 'running')
returning id, ticket_id, company_id, language, attempts

-- name: expect
update evidence_packs set expected = $2 where id = $1

-- name: progress
update evidence_packs set done = done + 1 where id = $1

-- name: ready
update evidence_packs set state = 'ready', done = coalesce(expected, done), object_key = $2, size = $3, sha256 = $4,
    head_seq = $5, head_hash = $6, ready_at = now(), expires_at = now() + $7::interval
where id = $1 and state = 'running'

-- name: fail
update evidence_packs set state = 'failed', problem = $2 where id = $1 and state = 'running'

-- name: expired
select id, object_key from evidence_packs where object_key is not null and expires_at <= now() order by id limit 100

-- name: forget
update evidence_packs set object_key = null where id = $1

-- name: now
select now()

-- name: recordings
select r.id, r.call_id, r.state, r.sha256, r.size, r.duration_s, r.channels, r.rate, r.repaired, r.defect, r.recorded_at,
       r.version_id, as_chained(r) as as_chained,
       coalesce(r.deleted_because, case when r.state = 'missing' then r.defect end) as because,
       case when r.state in ('verified', 'attached', 'expired') then r.object_key end as object_key,
       c.object_key as copy_key, c.version_id as copy_version, c.sha256 as copy_sha256, copy_as_chained(c) as copy_as_chained,
       k.began_at, k.kind, coalesce(o.name, '') as operator
from recordings r
left join recording_copies c on c.recording_id = r.id
left join talks k on k.recording = r.name
left join operators o on o.id = k.operator_id
where r.id in (select recordings_of_ticket($1))
order by coalesce(k.began_at, r.expected_at, r.recorded_at), r.id

-- name: calls
select c.id, c.node, c.did, c.caller, c.queue, c.state, c.outcome, c.arrived_at, c.queued_at, c.answered_at,
       c.talk_ended_at, c.ended_at, c.ended_by, c.wait_s, c.talk_s, c.rings, c.rebuilt, coalesce(o.name, '') as operator
from calls c left join operators o on o.id = c.operator_id
where c.id in (select calls_of_ticket($1))
order by c.arrived_at, c.id

-- name: call_events
select call_id, at, seen_at, kind, source, data from call_events where call_id = any ($1::text[]) order by at, id

-- name: talks
select k.call_id, k.recording, k.kind, k.began_at, k.ended_at, k.talk_s, coalesce(o.name, '') as operator
from talks k left join operators o on o.id = k.operator_id
where k.call_id = any ($1::text[]) order by k.began_at

-- name: pauses
select call_id, recording, began_at, ended_at from recording_pauses where call_id = any ($1::text[]) order by began_at

-- name: files
select name, media_type, size, encode(sha256, 'hex') as sha256, added_at from ticket_files where ticket_id = $1 order by id

-- name: holds
select h.placed_at, h.released_at, h.reason, o.name as placed_by
from legal_holds h join operators o on o.id = h.placed_by where h.ticket_id = $1 order by h.id

-- The numbers of the entries about a ticket and its recordings.
-- name: own_entries
select seq from ledger_entries where company_id = $1 and (ticket_id = $2 or recording_id = any ($3::bigint[])) order by seq

-- name: before
select hash from ledger_entries where company_id = $1 and seq = $2 - 1

-- name: run
select seq, hash, coalesce(content, sha256(convert_to(entry, 'UTF8'))) as content,
       case when ticket_id = $4 or recording_id = any ($5::bigint[]) then entry end as entry
from ledger_entries where company_id = $1 and seq between $2 and $3 order by seq

-- Every company that an entry, a pack or a head names, with its head where there is one; for `callcenter
-- check-custody-chain`.
-- name: heads
select company_id, h.seq, h.hash
from (select company_id from ledger_heads union select company_id from ledger_entries union select company_id from evidence_packs) named
left join ledger_heads h using (company_id)
order by company_id

-- The chain of the company $1, with the SHA-256 that the row of the recording has now.
-- name: whole
select e.seq, e.hash, e.entry, e.content, e.kind, e.ticket_id, e.recording_id, encode(r.sha256, 'hex') as sha256,
       to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
from ledger_entries e left join recordings r on r.id = e.recording_id
where e.company_id = $1 order by e.seq

-- Packs whose last entry is not in the chain any more, or is another.
-- name: torn_packs
select p.id, p.head_seq from evidence_packs p
left join ledger_entries e on e.company_id = p.company_id and e.seq = p.head_seq
where p.company_id = $1 and p.head_seq is not null and e.hash is distinct from p.head_hash
order by p.id

-- Recordings in the store that differ from the entries about them in key, version, size or SHA-256.
-- name: not_as_chained
select r.id, e.company_id, e.seq
from recordings r
cross join lateral (
    select company_id, seq from ledger_entries
    where recording_id = r.id and kind like 'recording %' and kind <> 'recording listened to'
    order by at desc, seq desc limit 1
) e
where r.state in ('verified', 'attached', 'expired') and not as_chained(r)
order by e.company_id, r.id

-- Recordings of a known company that have no entry, as when a whole chain was removed with its head.
-- name: unchained
select r.id, coalesce(r.company_id, t.company_id, c.company_id) as company_id
from recordings r
left join calls c on c.id = r.call_id
left join tickets t on t.id = r.ticket_id
where r.state not in ('expected', 'stored') and coalesce(r.company_id, t.company_id, c.company_id) is not null
    and not exists (select from ledger_entries e where e.recording_id = r.id)
order by r.id
