-- How long recordings are kept, how long the store must lock them, and what is deleted after that.

-- Only one process applies retention.
-- name: lead
select pg_try_advisory_lock(hashtext('keeping'));

-- name: settle
-- Kept as long as the company wants today, from the talk on; never shorter than the store has locked it already.
with due as (
    select r.id, c.id as company_id, greatest(
        r.locked_until, coalesce(r.expected_at, r.recorded_at) + make_interval(days => c.retention_days)) as retain_until
    from recordings r
    left join calls l on l.id = coalesce(r.call_id, r.named_call)
    left join tickets t on t.id = r.ticket_id
    join companies c on c.id = coalesce(r.company_id, t.company_id, l.company_id)
    where r.state = 'attached'
)
update recordings r set company_id = due.company_id, retain_until = due.retain_until
from due
where due.id = r.id and (r.company_id is null or r.retain_until is distinct from due.retain_until);

-- name: to_lock
select id, object_key, version_id, retain_until from recordings
where state = 'attached' and retain_until > now() and (locked_until is null or locked_until < retain_until)
order by id limit $1;

-- name: locked
update recordings set locked_until = $2 where id = $1;

-- name: to_hold
select r.id, r.object_key, r.version_id, true as wanted
from legal_holds h join recordings r on r.id in (select recordings_of_ticket(h.ticket_id))
where h.released_at is null and not r.held and is_held(r) and r.state in ('verified', 'attached', 'expired')
union
select r.id, r.object_key, r.version_id, false
from recordings r
where r.held and r.state in ('verified', 'attached', 'expired')
    and not is_held(r)
limit $1;

-- name: held
update recordings set held = $2 where id = $1;

-- name: expire
update recordings r set state = 'expired'
where r.state = 'attached' and r.retain_until < now() and not r.held
    and not is_held(r)
returning r.id;

-- name: unexpire
-- A hold that came in time.
update recordings r set state = 'attached'
where r.state = 'expired'
    and is_held(r)
returning r.id;

-- name: to_delete
select id from recordings
where state = 'expired' and not held and retain_until < now() - make_interval(days => $1)
order by retain_until, id limit $2;

-- name: lock_ticket
-- Placing a hold locks the ticket too: so it comes before this, or finds the recording deleted.
select t.id from tickets t
where t.id = (select ticket_id from recordings where id = $1)
   or t.id in (select f.ticket_id from recordings r join further_tickets f on f.call_id = r.call_id where r.id = $1)
order by t.id for update;

-- name: deletable
select r.id, r.object_key, c.object_key as copy_key
from recordings r left join recording_copies c on c.recording_id = r.id
where r.id = $1 and r.state = 'expired' and not r.held
    and not is_held(r)
for update of r;

-- name: delete
-- $2 the reason, with a place for the days for which it was kept.
update recordings set
    state = 'deleted', deleted_at = now(),
    deleted_because = format($2::text, extract(day from retain_until - coalesce(expected_at, recorded_at)))
where id = $1 and state = 'expired';

-- name: forget_copy
update recording_copies set object_key = null, version_id = null, media_type = null, sha256 = null, size = null, problem = 'deleted by policy'
where recording_id = $1 and problem is null;

-- name: forget_waveform
delete from waveforms where recording_id = $1;
