-- name: known
select name from recordings where sha256 = $1 limit 1;

-- name: enter
with known as (insert into nodes (name) values ($2) on conflict do nothing)
insert into recordings (name, node, state, expected_at) values ($1, $2, 'expected', $3) on conflict do nothing;

-- name: numbers
select number, company_id from numbers;

-- By its name or its number.
-- name: company
select id, zone from companies where name = $1 or id::text = $1 order by name = $1 desc limit 1;

-- name: add_node
insert into nodes (name) values ($1) on conflict do nothing;

-- A call of another PBX. What an earlier import knew already stays, what it lacked is added; $10 is its recording's name
-- and $11 its length, if there is one.
-- name: enter_call
insert into calls (id, node, company_id, did, caller, direction, outcome, arrived_at, answered_at, ended_at, talk_ended_at,
    recording, talk_s, state, imported)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $12, case when $7 = 'answered' then $12::timestamptz end, $10, $11, 'ended', true)
on conflict (id) do update set
    company_id = coalesce(calls.company_id, excluded.company_id),
    did = coalesce(nullif(calls.did, ''), excluded.did),
    caller = case when calls.forgotten_at is null then coalesce(nullif(calls.caller, ''), excluded.caller) else '' end,
    recording = coalesce(calls.recording, excluded.recording), talk_s = coalesce(calls.talk_s, excluded.talk_s)
where calls.imported and (calls.company_id is null and excluded.company_id is not null
    or calls.did = '' and excluded.did <> '' or calls.caller = '' and excluded.caller <> '' and calls.forgotten_at is null
    or calls.recording is null and excluded.recording is not null)
returning xmax = 0 as added, company_id;

-- Recordings that came in before their call was known; $2 is what was wrong with them.
-- name: adopt
update recordings r set
    call_id = c.id, company_id = coalesce(r.company_id, c.company_id),
    defect = nullif(regexp_replace(r.defect, '(; )?' || $2::text || '$', ''), '')
from calls c
where c.id = r.named_call and c.imported and r.node = $1 and r.state = 'attached' and r.call_id is null;

-- Imported recordings that nobody's retention applies to.
-- name: nobodys
select count(*) from recordings r join calls c on c.id = r.call_id
where c.imported and r.node = $1 and r.company_id is null and c.company_id is null;
