-- What a resident may ask for: everything that is held about them, and its removal.

-- name: resident
select r.id, r.name, r.left_at, h.company_id, c.name as company, coalesce(c.zone, 'Europe/Moscow') as zone,
    h.city || ', ' || h.street || ', ' || h.building as address, p.flat,
    (select count(*) from calls_of_resident(r.id)) as calls, (select count(*) from tickets_of_resident(r.id)) as tickets
from residents r join premises p on p.id = r.premises_id join houses h on h.id = p.house_id
left join companies c on c.id = h.company_id
where r.id = $1;

-- Everything, each with its kind, its time, its number and what it says.
-- name: everything
with own_calls as materialized (select calls_of_resident($1) as id),
own_tickets as materialized (select tickets_of_resident($1) as id),
own_recordings as materialized (
    select id from recordings where call_id in (select id from own_calls)
    union select recordings_of_ticket(id) from own_tickets)
select kind, at, number, said from (
    select 1 as place, 'resident' as kind, null::timestamptz as at, '' as number,
        concat_ws(' · ', r.name, h.city, h.street, h.building, p.flat, r.account, nullif(r.note, '')) as said
    from residents r join premises p on p.id = r.premises_id join houses h on h.id = p.house_id where r.id = $1
    union all
    select 2, 'phone', null, '', phone from resident_phones where resident_id = $1
    union all
    select 3, 'ticket', t.opened_at, t.number::text, concat_ws(' · ', nullif(t.contact_name, ''), nullif(t.caller, ''),
        nullif(t.contact_phone, ''), nullif(t.subject, ''), nullif(t.description, ''), nullif(t.access_reason, ''),
        nullif(t.result, ''), nullif(t.cancel_reason, ''))
    from tickets t where t.id in (select id from own_tickets)
    union all
    select 4, 'comment', e.at, t.number::text, e.comment
    from ticket_events e join tickets t on t.id = e.ticket_id where e.comment <> '' and t.id in (select id from own_tickets)
    union all
    select 5, 'file', f.added_at, t.number::text, f.name
    from ticket_files f join tickets t on t.id = f.ticket_id where t.id in (select id from own_tickets)
    union all
    select 6, 'call', c.arrived_at, '', concat_ws(' · ', nullif(c.caller, ''), nullif(c.keys, ''))
    from calls c where c.id in (select id from own_calls)
    union all
    select 7, 'recording', coalesce(r.recorded_at, r.expected_at), r.id::text, r.state
    from recordings r where r.id in (select id from own_recordings) and r.state not in ('expected', 'missing')
    union all
    select 8, 'listening', p.at, p.recording_id::text, concat_ws(' · ', o.name, nullif(p.words, ''))
    from recording_plays p join operators o on o.id = p.operator_id where p.recording_id in (select id from own_recordings)
    union all
    select 9, 'link', l.made_at, t.number::text, concat_ws(' · ', l.recipient, l.purpose)
    from share_links l join tickets t on t.id = l.ticket_id where t.id in (select id from own_tickets)
) each
order by place, at nulls first, number, said;

-- What is to be removed.
-- name: rows
select coalesce((select array_agg(id) from calls_of_resident($1) id), '{}') as calls,
    coalesce((select array_agg(id::text) from tickets_of_resident($1) id), '{}') as tickets;

-- Whoever asks for it is taken for one who moved out.
-- name: lock
update residents set left_at = coalesce(left_at, now()) where id = $1 returning id;

-- Why these are left; what an open ticket is told of by itself.
-- name: left
select 'tickets' as kind, coalesce(ticket_kept(id), 'busy') as reason, count(*)::integer as count
from tickets where id = any($1::text[]::bigint[]) and forgotten_at is null group by 2
union all
select 'calls', coalesce(call_kept(id), case when state <> 'ended' then 'open' else 'busy' end), count(*)::integer
from calls where id = any($2::text[]) and forgotten_at is null group by 2
union all
select 'residents', coalesce(resident_kept(id), 'busy'), 1 from residents where id = $3;

-- name: add
insert into keeping_requests (company_id, resident_id, asked_by, removed, left_behind) values ($1, $2, $3, $4, $5) returning id;

-- name: report
update keeping_requests set entry = append_ledger($2, 'personal data removed on request', $3) where id = $1;

-- name: of_company
select q.id, q.asked_at, q.resident_id, coalesce(o.name, '') as asked_by, q.removed, q.left_behind, q.entry
from keeping_requests q left join operators o on o.id = q.asked_by
where coalesce(q.company_id, 0) = $1 order by q.id desc limit 60;
