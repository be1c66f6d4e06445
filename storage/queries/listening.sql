-- The listening room: recordings, who listened to them, and what was noted.

-- $1 the filter, $2 how many, from the recording placed at $3 with the id $4 on.
-- name: page
select r.id, r.state, r.duration_s, r.defect, r.deleted_because, coalesce(r.expected_at, r.recorded_at) as placed_at,
       coalesce(k.began_at, c.answered_at, r.expected_at, r.recorded_at) as began_at, k.kind, r.repaired,
       c.caller, co.name as company, coalesce(co.zone, 'Europe/Moscow') as zone,
       o.name as operator, t.id as ticket, t.number, t.subject, x.name as resident,
       concat_ws(', ', nullif(h.city, ''), h.street, h.building) as address, p.flat,
       (select count(*) from recording_marks m where m.recording_id = r.id and m.removed_at is null) as marks,
       (select count(*) from recording_pauses b where b.recording = r.name) as pauses,
       (select avg(v.score) from reviews v where v.recording_id = r.id and v.replaced_at is null) as score,
       exists (select from recording_plays y where y.recording_id = r.id and y.operator_id = $5) as heard
from listening_page($1, $2, $3, $4) with ordinality as page (id, place)
join recordings r on r.id = page.id
left join calls c on c.id = r.call_id
left join talks k on k.recording = r.name
left join companies co on co.id = coalesce(r.company_id, c.company_id)
left join operators o on o.id = coalesce(k.operator_id, c.operator_id)
left join tickets t on t.id = r.ticket_id
left join residents x on x.id = coalesce(t.resident_id, c.resident_id)
left join premises p on p.id = coalesce(t.premises_id, x.premises_id)
left join houses h on h.id = coalesce(t.house_id, p.house_id)
order by page.place

-- name: recording
select r.id, r.name, r.node, r.state, r.duration_s, r.defect, r.deleted_because, r.deleted_at, r.retain_until, r.repaired,
       r.sha256, r.size, r.object_key, r.rate, r.channels, r.call_id, f.object_key as copy_key, f.media_type as copy_type,
       f.size as copy_size, f.problem as copy_problem, w.recording_id is not null as drawn,
       coalesce(k.began_at, c.answered_at, r.expected_at, r.recorded_at) as began_at, k.kind, c.caller,
       co.id as company_id, co.name as company, coalesce(co.language, 'ru') as language,
       coalesce(co.zone, 'Europe/Moscow') as zone, o.id as operator_id, o.name as operator,
       t.id as ticket, t.number, t.subject, x.name as resident,
       concat_ws(', ', nullif(h.city, ''), h.street, h.building) as address, p.flat,
       is_held(r) as held
from recordings r
left join recording_copies f on f.recording_id = r.id
left join waveforms w on w.recording_id = r.id
left join calls c on c.id = r.call_id
left join talks k on k.recording = r.name
left join companies co on co.id = coalesce(r.company_id, c.company_id)
left join operators o on o.id = coalesce(k.operator_id, c.operator_id)
left join tickets t on t.id = r.ticket_id
left join residents x on x.id = coalesce(t.resident_id, c.resident_id)
left join premises p on p.id = coalesce(t.premises_id, x.premises_id)
left join houses h on h.id = coalesce(t.house_id, p.house_id)
where r.id = $1

-- The talks of the call of the recording $1, in their order.
-- name: talks
select r.id, r.state, r.duration_s, k.kind, coalesce(k.began_at, c.answered_at, r.expected_at, r.recorded_at) as began_at,
       o.name as operator
from recordings this
join recordings r on r.call_id = this.call_id
left join calls c on c.id = r.call_id
left join talks k on k.recording = r.name
left join operators o on o.id = coalesce(k.operator_id, c.operator_id)
where this.id = $1
order by began_at, r.id

-- When nothing was recorded, in seconds from the beginning; to the end when nobody has ended it.
-- name: pauses
select greatest(extract(epoch from b.began_at - coalesce(k.began_at, c.answered_at, r.expected_at)), 0)::double precision as from_s,
       coalesce(extract(epoch from b.ended_at - coalesce(k.began_at, c.answered_at, r.expected_at))::double precision, r.duration_s)
           as until_s,
       o.name as operator
from recordings r
join recording_pauses b on b.recording = r.name
left join calls c on c.id = r.call_id
left join talks k on k.recording = r.name
left join operators o on o.id = b.operator_id
where r.id = $1
order by b.began_at

-- name: waveform
select per_s, channels, peaks from waveforms where recording_id = $1

-- name: operators
select id, name from operators where role in ('operator', 'supervisor', 'administrator') order by name

-- name: companies
select id, name, zone from companies order by name

-- Where the bytes are, for somebody ($2) whose listening is open, and which one that is. $3: of the copy for listening; else
-- of the original, in the version whose digest was verified.
-- name: audio
select r.id, y.id as play, r.duration_s, as_chained(r) and (not $3 or copy_as_chained(f)) as as_chained,
       case when $3 then f.object_key else r.object_key end as object_key,
       case when $3 then f.version_id else r.version_id end as version_id,
       case when $3 then f.size else r.size end as size,
       case when $3 then f.media_type else 'audio/wav' end as media_type
from recordings r
left join recording_copies f on f.recording_id = r.id
left join lateral (
    select id from recording_plays
    where recording_id = r.id and operator_id = $2 and reason is not null and at > now() - $4::interval
    order by id desc limit 1
) y on true
where r.id = $1 and r.state in ('verified', 'attached', 'expired')

-- name: begin
insert into recording_plays (recording_id, operator_id, reason, words)
select id, $2, $3, $4 from recordings where id = $1
returning id

-- name: open
select id, reason, words, at from recording_plays
where recording_id = $1 and operator_id = $2 and reason is not null and at > now() - $3::interval
order by id desc limit 1

-- What this person listened for last.
-- name: last_reason
select reason from recording_plays where operator_id = $1 and reason is not null order by id desc limit 1

-- name: sent
update recording_plays set sent = sent + int4multirange(int4range($2, $3)), last_at = now() where id = $1

-- Only of what there is to hear, and only by the one whose listening it is.
-- name: heard
update recording_plays y set last_at = now(), heard = (
    select y.heard + coalesce(range_agg(int4range(part.from_s, least(part.until_s, ceil(r.duration_s)::integer))), '{}')
    from unnest($4::integer[], $5::integer[]) part (from_s, until_s)
    where part.from_s < least(part.until_s, ceil(r.duration_s)::integer))
from recordings r
where y.id = $1 and y.recording_id = $2 and y.operator_id = $3 and r.id = y.recording_id and y.reason is not null
returning y.id

-- Who listened, by a link too: of the recording $1, of the person $2, of all when null; before the moment $3 and the id $4,
-- at most $5.
-- name: listenings
select l.*, r.duration_s, t.id as ticket, t.number, co.name as company, coalesce(co.zone, 'Europe/Moscow') as zone
from (
    (select false as by_link, y.id, y.at, y.reason, y.words, o.name, y.recording_id, '' as kind,
            array(select array[lower(part), upper(part)] from unnest(y.heard) part) as heard,
            array(select array[lower(part), upper(part)] from unnest(y.sent) part) as sent
     from recording_plays y join operators o on o.id = y.operator_id
     where ($1::bigint is null or y.recording_id = $1) and ($2::integer is null or y.operator_id = $2)
       and ($3::timestamptz is null or (y.at, y.id) < ($3, $4::bigint))
     order by y.at desc, y.id desc limit $5)
    union all
    (select true, u.id, u.at, null, s.purpose, s.recipient, p.recording_id, u.kind, '{}', '{}'
     from share_link_uses u
     join share_links s on s.id = u.link_id
     join share_link_recordings p on p.link_id = u.link_id and p.place = u.place
     where u.kind in ('listened', 'original', 'copy') and $2::integer is null
       and ($1::bigint is null or p.recording_id = $1)
       and ($3::timestamptz is null or (u.at, u.id) < ($3, $4::bigint))
     order by u.at desc, u.id desc limit $5)
) l
join recordings r on r.id = l.recording_id
left join tickets t on t.id = r.ticket_id
left join calls c on c.id = r.call_id
left join companies co on co.id = coalesce(r.company_id, c.company_id)
order by l.at desc, l.id desc
limit $5

-- name: marks
select m.id, m.at_s, m.comment, m.made_at, m.made_by, o.name from recording_marks m join operators o on o.id = m.made_by
where m.recording_id = $1 and m.removed_at is null
order by m.at_s, m.id

-- name: mark
insert into recording_marks (recording_id, at_s, comment, made_by)
select id, least($2, duration_s), $3, $4 from recordings where id = $1 and duration_s is not null
returning id

-- name: unmark
update recording_marks set removed_by = $3, removed_at = now() where id = $1 and recording_id = $2 and removed_at is null
returning id
