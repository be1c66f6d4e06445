-- name: enter
with known as (insert into nodes (name) values ($2) on conflict do nothing)
insert into recordings (name, node, state) values ($1, $2, 'expected') on conflict do nothing;

-- name: record
-- $9 how the key ends: it stays, and says whether the store has the WAV or the FLAC of it.
update recordings set
    state = 'recorded', sha256 = $2, size = $3, duration_s = $4, defect = $5, rate = $6, channels = $7, repaired = $8,
    recorded_at = now(),
    object_key = 'recordings/' || to_char(now() at time zone 'UTC', 'YYYY/MM/DD/') || id || $9
where name = $1 and state in ('expected', 'missing');

-- name: retain
-- Kept as long as the company of the call $2 wants, from the talk on.
update recordings r set
    company_id = c.company_id,
    retain_until = coalesce(r.expected_at, r.recorded_at) + make_interval(days => co.retention_days)
from calls c join companies co on co.id = c.company_id
where r.name = $1 and r.retain_until is null and c.id = $2;

-- name: find
select id, state, sha256, object_key, version_id, retain_until from recordings where name = $1;

-- name: store
update recordings set state = 'stored', stored_at = now(), version_id = $2, locked_until = $3
where id = $1 and state = 'recorded';

-- name: verify
-- $2, $3: SHA-256 and size of the object, where it is not the WAV itself.
update recordings set state = 'verified', verified_at = now(), stored_sha256 = $2, stored_size = $3
where id = $1 and state = 'stored';

-- name: store_again
update recordings set state = 'recorded', version_id = null, locked_until = null, stored_sha256 = null, stored_size = null
where id = $1 and state in ('stored', 'verified', 'attached');

-- name: attach
-- $2 the call, $3 whether to wait no longer for the talk, its end or the call's ticket. The length is compared with that of
-- the talk that this file was named for: it may differ by $5 seconds. $6 how long after the call's end the talk's length may
-- still be corrected, $7 what is wrong when there is no such call.
with call as (
    select c.id, c.company_id, t.id as ticket_id, talk.talk_s,
        (talk.talk_s is not null or c.state = 'ended')
            and (t.id is not null or c.company_id is null or c.outcome <> 'answered' or c.direction = 'out') as complete,
        c.ended_at
    from calls c left join tickets t on t.id = ticket_of_call(c.id)
    cross join lateral (
        -- A call from before there were talks has only its last one.
        select coalesce(k.talk_s, case when k.recording is null and coalesce(c.recording, $4) = $4 then c.talk_s end) as talk_s
        from (select) as always left join talks k on k.recording = $4
    ) talk
    where c.id = $2
)
update recordings r set
    state = 'attached', attached_at = now(), call_id = call.id, ticket_id = call.ticket_id,
    company_id = coalesce(call.company_id, r.company_id),
    defect = nullif(concat_ws('; ', r.defect, case
        when call.id is null then $7::text
        when abs(r.duration_s - call.talk_s) > $5 then
            format('duration %s s, talk %s s', round(r.duration_s::numeric, 1), round(call.talk_s::numeric, 1))
    end), '')
from (select) as always left join call on true
-- A length that does not fit is accepted only after the ledger, some seconds later, has been read.
where r.id = $1 and r.state = 'verified' and ($3 or coalesce(call.complete, false) and (
    call.talk_s is null or abs(r.duration_s - call.talk_s) <= $5 or call.ended_at < now() - $6::interval))
returning r.call_id, r.ticket_id, r.defect;

-- name: adopt
-- Recordings whose call, or its ticket, was written only after the wait for it was over.
update recordings r set
    call_id = c.id, ticket_id = t.id, company_id = coalesce(c.company_id, r.company_id),
    defect = nullif(regexp_replace(r.defect, '(; )?' || $3::text || '$', ''), '')
from calls c left join tickets t on t.id = ticket_of_call(c.id)
where r.node = $1 and r.state = 'attached' and r.ticket_id is null and r.attached_at > now() - $2::interval
    and c.id = r.named_call and (r.call_id is null or t.id is not null)
returning r.id;

-- name: mark_missing
update recordings r set
    state = 'missing', defect = $4
from calls c
where c.id = r.call_id and r.node = $1 and r.state = 'expected' and c.ended_at < now() - $3::interval
    and r.name <> all ($2::text[])
returning r.id;

-- name: count
select state, count(*) as recordings from recordings where node = $1 group by state;
