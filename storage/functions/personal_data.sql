-- needs: tickets, chain
-- What personal data is due to be removed and why some of it is left, and the removal itself. Every removal looks again, under a
-- lock, whether something has come in between. Identifiers are texts, whatever the table has.

-- Up to which moment a term of so many months goes at `now`: the beginning of that day so many months before.
create or replace function term_until(months integer, now timestamptz, zone text) returns timestamptz language sql stable as $$
    select (date_trunc('day', now at time zone zone) - make_interval(months => months)) at time zone zone
$$;

-- Why a ticket is not touched; null when nothing prevents it. What keeps its incident, or the ticket that it was merged into,
-- keeps it as well.
create or replace function ticket_kept(ticket bigint) returns text language sql stable as $$
    with one as (
        select t.* from tickets own join tickets t on t.id in (own.id, own.parent_id, own.merged_into) where own.id = ticket
    )
    select case
        when exists (select from legal_holds h join one on h.ticket_id = one.id where h.released_at is null) then 'hold'
        when exists (select from one where is_open(state)) then 'open'
        when exists (select from one where id = ticket and payment = 'due') then 'unpaid'
        when exists (select from share_links where ticket_id = ticket and revoked_at is null and expires_at > now())
            or exists (select from evidence_packs where ticket_id = ticket
                and (state in ('waiting', 'running') or state = 'ready' and expires_at > now())) then 'shared'
    end
$$;

create or replace function tickets_about(call text) returns setof bigint language sql stable as $$
    select id from tickets where call_id = call
    union select ticket_id from joined_calls where call_id = call
    union select ticket_id from further_tickets where call_id = call
    union select ticket_id from recordings where call_id = call and ticket_id is not null
    union select ticket_id from announcements where call_id = call and ticket_id is not null
$$;

create or replace function call_kept(call text) returns text language sql stable as $$
    select min(ticket_kept(id)) from tickets_about(call) as about (id)
$$;

create or replace function resident_kept(resident integer) returns text language sql stable as $$
    select min(kept) from (
        select ticket_kept(id) as kept from tickets where resident_id = resident
    ) of_ticket where kept in ('hold', 'open')
$$;

-- The next rows of each kind that are older than `before`, after the one of `after_at` and `after_id`, of one company, 0 for what
-- belongs to none; `kept` says why one is left.
create or replace function due_calls(company integer, before timestamptz, after_at timestamptz, after_id text, most integer)
returns table (id text, at timestamptz, kept text) language sql stable as $$
    select c.id, c.arrived_at, call_kept(c.id) from (
        select calls.id, arrived_at from calls
        where coalesce(company_id, 0) = company and forgotten_at is null and state = 'ended' and arrived_at < before
            and arrived_at >= after_at and (arrived_at, calls.id) > (after_at, after_id)
        order by arrived_at, calls.id limit most
    ) c
$$;

create or replace function due_tickets(company integer, before timestamptz, after_at timestamptz, after_id text, most integer)
returns table (id text, at timestamptz, kept text) language sql stable as $$
    select t.id::text, t.at, ticket_kept(t.id) from (
        select tickets.id, coalesce(closed_at, updated_at) as at from tickets
        where company_id = company and forgotten_at is null and not is_open(state)
            and coalesce(closed_at, updated_at) < before and coalesce(closed_at, updated_at) >= after_at
            and (coalesce(closed_at, updated_at), tickets.id::text) > (after_at, after_id)
        order by 2, tickets.id::text limit most
    ) t
$$;

create or replace function due_links(company integer, before timestamptz, after_at timestamptz, after_id text, most integer)
returns table (id text, at timestamptz, kept text) language sql stable as $$
    select l.id::text, l.at, (select kept from ticket_kept(l.ticket_id) kept where kept in ('hold', 'open')) from (
        select share_links.id, ticket_id, least(expires_at, revoked_at) as at from share_links
        where company_id = company and forgotten_at is null and least(expires_at, revoked_at) < before
            and (least(expires_at, revoked_at), share_links.id::text) > (after_at, after_id)
        order by 3, share_links.id::text limit most
    ) l
$$;

create or replace function due_residents(company integer, before timestamptz, after_at timestamptz, after_id text, most integer)
returns table (id text, at timestamptz, kept text) language sql stable as $$
    select r.id::text, r.left_at, resident_kept(r.id) from (
        select residents.id, left_at from residents
        join premises p on p.id = premises_id join houses h on h.id = p.house_id
        where coalesce(h.company_id, 0) = company and left_at < before and (left_at, residents.id::text) > (after_at, after_id)
        order by left_at, residents.id::text limit most
    ) r
$$;

create or replace function due_audit(company integer, before timestamptz, after_at timestamptz, after_id text, most integer)
returns table (id text, at timestamptz, kept text) language sql stable as $$
    select audit_log.id::text, audit_log.at, null from audit_log
    where coalesce(company_id, 0) = company and address <> '' and audit_log.at < before and audit_log.at >= after_at
        and (audit_log.at, audit_log.id::text) > (after_at, after_id)
    order by audit_log.at, audit_log.id::text limit most
$$;

-- Remove the personal part of calls: who called, what was keyed in, whose telephone that may be.
create or replace function forget_calls(ids text[]) returns text[]
language plpgsql security definer set search_path from current as $$
declare
    gone text[];
begin
    -- Whoever places a hold locks the ticket as well.
    perform from tickets where id in (select tickets_about(call) from unnest(ids) call) order by id for update;
    perform from calls where id = any(ids) and forgotten_at is null and state = 'ended' order by id for update;
    select coalesce(array_agg(id), '{}') into gone from calls
    where id = any(ids) and forgotten_at is null and state = 'ended' and call_kept(id) is null;
    update calls set caller = '', keys = '', resident_id = null, forgotten_at = now() where id = any(gone);
    update call_cards set resident_id = null, premises_id = null where call_id = any(gone);
    delete from phone_candidates where call_id = any(gone);
    update outage_numbers n set caller = '#' || n.number from announcements a
    where a.call_id = any(gone) and n.outage_id = a.outage_id and n.number = a.number and n.caller is not null;
    update announcements set caller = '' where call_id = any(gone);
    return gone;
end $$;
revoke execute on function forget_calls from public;
grant execute on function forget_calls to callcenter_runtime;

-- Remove the personal part of tickets: who, which flat, and every text in which somebody may have written a name.
create or replace function forget_tickets(ids text[]) returns text[]
language plpgsql security definer set search_path from current as $$
declare
    gone bigint[];
begin
    perform from tickets where id = any(ids::bigint[]) order by id for update;
    select coalesce(array_agg(id), '{}') into gone from tickets
    where id = any(ids::bigint[]) and forgotten_at is null and not is_open(state) and ticket_kept(id) is null;
    update tickets set caller = '', contact_name = '', contact_phone = '', resident_id = null, premises_id = null, subject = '',
        description = '', access_reason = '', access_people = '', result = '',
        cancel_reason = case state when 'cancelled' then '–' else '' end, forgotten_at = now()
    where id = any(gone);
    update ticket_events set comment = '', changes = coalesce((
        select jsonb_object_agg(key, value) from jsonb_each(changes)
        where key in ('state', 'category_id', 'house_id', 'crew_id', 'responsible_id', 'price', 'payment', 'planned_from',
            'planned_until', 'access_at', 'common_property', 'parent_id', 'merged_into')), '{}')
    where ticket_id = any(gone) and (comment <> '' or changes <> '{}');
    update outage_numbers set premises_id = null, caller = '#' || number where ticket_id = any(gone);
    delete from filing_drafts where ticket_id = any(gone);
    update legal_holds set reason = '–' where ticket_id = any(gone);
    update recording_plays set words = case reason when 'other' then '–' else '' end
    where words <> '' and recording_id in (select r from unnest(gone) ticket, recordings_of_ticket(ticket) r);
    update recording_marks set comment = '–'
    where recording_id in (select r from unnest(gone) ticket, recordings_of_ticket(ticket) r);
    return gone::text[];
end $$;
revoke execute on function forget_tickets from public;
grant execute on function forget_tickets to callcenter_runtime;

-- Remove who was given a link to recordings, and from which addresses it was used.
create or replace function forget_links(ids text[]) returns text[]
language plpgsql security definer set search_path from current as $$
declare
    gone bigint[];
begin
    perform from tickets where id in (select ticket_id from share_links where id = any(ids::bigint[])) order by id for update;
    select coalesce(array_agg(id), '{}') into gone from share_links
    where id = any(ids::bigint[]) and forgotten_at is null and least(expires_at, revoked_at) < now()
        and coalesce(ticket_kept(ticket_id) not in ('hold', 'open'), true);
    update share_links set recipient = '–', email = null, purpose = '–', problem = '', forgotten_at = now() where id = any(gone);
    update share_link_uses set address = '', browser = '' where link_id = any(gone);
    return gone::text[];
end $$;
revoke execute on function forget_links from public;
grant execute on function forget_links to callcenter_runtime;

-- Remove residents. A ticket that is still kept has the name that it was registered with from then on as its own.
create or replace function forget_residents(ids text[]) returns text[]
language plpgsql security definer set search_path from current as $$
declare
    gone integer[];
begin
    perform from tickets where resident_id = any(ids::integer[]) order by id for update;
    perform from residents where id = any(ids::integer[]) order by id for update;
    select coalesce(array_agg(id), '{}') into gone from residents
    where id = any(ids::integer[]) and left_at is not null and resident_kept(id) is null;
    update tickets t set contact_name = r.name from residents r
    where r.id = any(gone) and t.resident_id = r.id and t.contact_name = '';
    update tickets set resident_id = null where resident_id = any(gone);
    update calls set resident_id = null where resident_id = any(gone);
    delete from resident_phones where resident_id = any(gone);
    delete from residents where id = any(gone);
    return gone::text[];
end $$;
revoke execute on function forget_residents from public;
grant execute on function forget_residents to callcenter_runtime;

-- Remove from which address and with what people worked; that they did stays.
create or replace function forget_audit(ids text[]) returns text[]
language plpgsql security definer set search_path from current as $$
begin
    update audit_log set address = '', details = details - array['browser', 'login'] where id = any(ids::bigint[]);
    return ids;
end $$;
revoke execute on function forget_audit from public;
grant execute on function forget_audit to callcenter_runtime;

-- Remove the texts of the entries about these tickets, or these links, in which people are named, and append which these were;
-- returns how many. Entries about what became of recordings name nobody and keep their texts.
create or replace function empty_entries(company integer, tickets bigint[], links bigint[]) returns integer
language plpgsql security definer set search_path from current as $$
declare
    emptied bigint[];
begin
    with gone as (
        update ledger_entries e set content = sha256(convert_to(entry, 'UTF8')), entry = null
        where e.company_id = company and e.entry is not null and (
            e.ticket_id = any(tickets) and (
                e.kind in ('hold placed', 'hold released', 'pack failed')
                or e.kind = 'recording listened to' and coalesce(e.entry::jsonb -> 'body' ->> 'words', '') <> '')
            or e.ticket_id in (select ticket_id from share_links where id = any(links))
                and e.kind in ('link made', 'link revoked', 'link used')
                and (e.entry::jsonb -> 'body' ->> 'link')::bigint = any(links))
        returning seq
    )
    select array_agg(seq order by seq) into emptied from gone;
    if emptied is not null then
        perform append_ledger(company, 'entries emptied', jsonb_build_object('entries', emptied));
    end if;
    return coalesce(cardinality(emptied), 0);
end $$;
revoke execute on function empty_entries from public;
grant execute on function empty_entries to callcenter_runtime;

-- The calls of a resident: by who it was, and else by telephones that are nobody else's.
create or replace function calls_of_resident(resident integer) returns setof text language sql stable as $$
    select id from calls where resident_id = resident
    union
    select c.id from resident_phones p
    join residents r on r.id = p.resident_id join premises f on f.id = r.premises_id join houses h on h.id = f.house_id
    join calls c on c.caller = p.phone and c.resident_id is null and c.company_id = h.company_id
    where p.resident_id = resident and not exists (
        select from resident_phones o where o.phone = p.phone and o.resident_id <> resident)
$$;

-- The tickets of a resident in the same way.
create or replace function tickets_of_resident(resident integer) returns setof bigint language sql stable as $$
    select id from tickets where resident_id = resident
    union
    select t.id from resident_phones p
    join residents r on r.id = p.resident_id join premises f on f.id = r.premises_id join houses h on h.id = f.house_id
    join tickets t on (reverse(t.caller) = reverse(p.phone) or reverse(t.contact_phone) = reverse(p.phone))
        and t.resident_id is null and t.company_id = h.company_id
    where p.resident_id = resident and not exists (
        select from resident_phones o where o.phone = p.phone and o.resident_id <> resident)
$$;
