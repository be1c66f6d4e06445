-- name: wanted
select id, object_key, version_id, sha256, size, duration_s, defect, as_chained(r) as as_chained from recordings r
where node = $1 and copy_wanted and state = 'attached' order by id desc limit $2;

-- name: keep
with still as (
    update recordings set copy_wanted = false where id = $1 and state = 'attached' returning id
), copy as (
    insert into recording_copies (recording_id, object_key, version_id, media_type, sha256, size)
    select id, $2, $9, $3, $4, $5 from still
    on conflict (recording_id) do update set
        object_key = excluded.object_key, version_id = excluded.version_id, media_type = excluded.media_type, sha256 = excluded.sha256,
        size = excluded.size, problem = null, made_at = now()
), waveform as (
    insert into waveforms (recording_id, per_s, channels, peaks) select id, $6, $7, $8 from still
    on conflict (recording_id) do update set
        per_s = excluded.per_s, channels = excluded.channels, peaks = excluded.peaks
)
select count(*) from still;

-- name: refuse
with still as (update recordings set copy_wanted = false where id = $1 and state = 'attached' returning id)
insert into recording_copies (recording_id, problem) select id, $2 from still on conflict do nothing;
