-- name: sweep
-- Inconsistencies, the newest first: $1 the node, or null for all; $2 how many of each kind at most; $3 since when; $4
-- how long after its end a call's recording must be known.
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
where ($1::text is null or c.node = $1) and t.began_at between $3 and now() - $4::interval
    and not exists (select from recordings r where r.name = t.recording)
order by t.began_at desc limit $2)
union all
(select 'answered without a recording', null, c.id, c.arrived_at, null
from calls c where c.outcome = 'answered' and c.arrived_at >= $3 and ($1::text is null or c.node = $1)
    and c.ended_at < now() - $4::interval and c.talk_s > 0
    and not exists (select from recordings r where r.call_id = c.id)
    and not exists (select from recordings r where r.name = c.recording)
order by c.arrived_at desc limit $2);

-- name: kept
-- Every recording that the store must have (in one of the states $1), in the order in which the store lists keys.
select id, object_key, version_id, state = 'stored' or as_chained(r) as as_chained from recordings r where state = any($1) and object_key is not null order by object_key collate "C";

-- name: misfits
-- $1 recordings whose object was not listed, $2 objects that belong to no recording that is kept, $3 the states that are kept,
-- $4 recordings that differed from the custody chain.
select 'object gone', r.id, r.call_id, coalesce(r.expected_at, r.recorded_at), r.object_key
from recordings r where r.id = any($1) and r.state = any($3)
union all
select 'object not as chained', r.id, r.call_id, coalesce(r.expected_at, r.recorded_at), r.object_key
from recordings r where r.id = any($4) and r.state = any($3) and r.state <> 'stored' and not as_chained(r)
union all
select case when r.id is null then 'object without a recording' else 'object of a deleted recording' end,
    r.id, r.call_id, r.deleted_at, o.key
from unnest($2::text[]) o (key) left join recordings r on r.object_key = o.key
where r.id is null or r.state = 'deleted'
order by 5;
