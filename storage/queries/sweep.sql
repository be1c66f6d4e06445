-- name: sweep
-- What does not fit together, the last first: $1 the node, or null for all; $2 how many of each kind at most; $3 since when.
(select 'no call' as kind, r.id as recording_id, null as call_id, coalesce(r.expected_at, r.recorded_at) as at, r.defect as detail
from recordings r where r.state = 'attached' and r.call_id is null and r.recorded_at >= $3 and ($1::text is null or r.node = $1)
order by r.id desc limit $2)
union all
(select 'no file', r.id, r.call_id, r.expected_at, r.defect
from recordings r where r.state = 'missing' and r.expected_at >= $3 and ($1::text is null or r.node = $1)
order by r.id desc limit $2)
union all
(select 'talk without a recording', null, t.call_id, t.began_at, t.recording
from talks t join calls c on c.id = t.call_id
where ($1::text is null or c.node = $1) and t.began_at between $3 and now() - interval '5 minutes'
    and not exists (select from recordings r where r.name = t.recording)
order by t.began_at desc limit $2)
union all
(select 'answered without a recording', null, c.id, c.arrived_at, null
from calls c where c.outcome = 'answered' and c.arrived_at >= $3 and ($1::text is null or c.node = $1)
    and c.ended_at < now() - interval '5 minutes' and c.talk_s > 0
    and not exists (select from recordings r where r.call_id = c.id)
    and not exists (select from recordings r where r.name = c.recording)
order by c.arrived_at desc limit $2);
