-- Append an entry in this transaction; returns its number. `ticket` and `recording` in the body say what it is about.
-- With its owner's rights: whoever may call it can add an entry, and do nothing else to the chain.
create or replace function append_ledger(company integer, kind text, body jsonb) returns bigint
    language plpgsql security definer set search_path from current as $$
declare
    head ledger_heads;
    moment timestamptz := clock_timestamp();
    line text;
begin
    insert into ledger_heads values (company, 0, decode(repeat('00', 32), 'hex')) on conflict do nothing;
    select * into strict head from ledger_heads where company_id = company for update;
    head.seq := head.seq + 1;
    line := jsonb_build_object(
        'company', company, 'seq', head.seq, 'kind', kind, 'body', body, 'salt', gen_random_uuid(),
        'at', to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::text;
    head.hash := sha256(head.hash || sha256(convert_to(line, 'UTF8')));
    insert into ledger_entries values (
        company, head.seq, moment, kind, (body ->> 'ticket')::bigint, (body ->> 'recording')::bigint, line, head.hash);
    update ledger_heads set seq = head.seq, hash = head.hash where company_id = company;
    return head.seq;
end $$;
revoke execute on function append_ledger from public;
grant execute on function append_ledger to callcenter_runtime;

-- Nothing is changed but that an entry's text gives way to its hash: by that the chain is followed as before.
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.entry is not null and new.entry is null
        and (new.company_id, new.seq, new.at, new.kind, new.ticket_id, new.recording_id, new.hash, new.content)
            is not distinct from (old.company_id, old.seq, old.at, old.kind, old.ticket_id, old.recording_id, old.hash,
                sha256(convert_to(old.entry, 'UTF8'))) then
        return new;
    end if;
    raise exception 'the custody chain is only added to' using errcode = 'insufficient_privilege';
end $$;
create or replace trigger only_added before update or delete on ledger_entries
    for each row execute function refuse_change();

-- The company of a recording as far as it is known.
create or replace function company_of(r recordings) returns integer
    language sql stable set search_path from current as $$
    select coalesce(
        r.company_id,
        (select company_id from tickets where id = r.ticket_id),
        (select company_id from calls where id = coalesce(r.call_id, r.named_call)))
$$;
revoke execute on function company_of from public;
grant execute on function company_of to callcenter_company, callcenter_runtime;

-- A recording: each state after "expected", except "stored", which "verified" implies; and a ticket found later.
-- Before its call is written its company is not known; then the first entry is the one that comes with the company.
create or replace function chain_recording(r recordings, kind text) returns void
    language plpgsql set search_path from current as $$
declare
    named text := coalesce(r.call_id, r.named_call);
    ticket bigint := coalesce(r.ticket_id, ticket_of_call(named));
    company integer := coalesce(
        r.company_id,
        (select company_id from tickets where id = ticket),
        (select company_id from calls where id = named));
begin
    if company is not null then
        perform append_ledger(company, kind, jsonb_strip_nulls(jsonb_build_object(
            'recording', r.id, 'name', r.name, 'node', r.node, 'call', named, 'ticket', ticket,
            'sha256', encode(r.sha256, 'hex'), 'size', r.size, 'duration_s', r.duration_s, 'key', r.object_key,
            'version', r.version_id, 'defect', r.defect, 'repaired', r.repaired, 'retain_until', r.retain_until,
            'because', r.deleted_because, 'recorded_at', r.recorded_at, 'stored_at', r.stored_at,
            'verified_at', r.verified_at, 'stored_sha256', encode(r.stored_sha256, 'hex'), 'stored_size', r.stored_size)));
    end if;
end $$;
revoke execute on function chain_recording from public;

-- The copy for listening, each time that it is made: its bytes are given out only as they were then.
create or replace function chain_copy(c recording_copies) returns void language plpgsql set search_path from current as $$
declare
    r recordings;
begin
    select * into strict r from recordings where id = c.recording_id;
    if company_of(r) is not null then
        perform append_ledger(company_of(r), 'copy made', jsonb_strip_nulls(jsonb_build_object(
            'recording', r.id, 'ticket', r.ticket_id, 'copy_key', c.object_key, 'copy_version', c.version_id,
            'copy_size', c.size, 'copy_sha256', encode(c.sha256, 'hex'))));
    end if;
end $$;
revoke execute on function chain_copy from public;

create or replace function on_copy() returns trigger language plpgsql security definer set search_path from current as $$
begin
    perform chain_copy(new);
    return null;
end $$;
revoke execute on function on_copy from public;
create or replace trigger chained after insert or update of made_at on recording_copies
    for each row when (new.object_key is not null) execute function on_copy();

create or replace function on_recording() returns trigger language plpgsql security definer set search_path from current as $$
begin
    -- The company of a recording that has entries is in them.
    if tg_op = 'UPDATE' and old.state = new.state and old.ticket_id is not distinct from new.ticket_id
        and exists (select from ledger_entries where recording_id = new.id) then
        return null;
    end if;
    if new.state not in ('expected', 'stored') then
        perform chain_recording(
            new,
            case when tg_op = 'UPDATE' and old.state = new.state then 'recording adopted' else 'recording ' || new.state end);
        -- A copy that was made before the company was known.
        perform chain_copy(c) from recording_copies c
        where c.recording_id = new.id and c.object_key is not null
            and not exists (select from ledger_entries where recording_id = new.id and kind = 'copy made');
    end if;
    return null;
end $$;
revoke execute on function on_recording from public;
create or replace trigger chained after update of state, ticket_id, company_id on recordings for each row
    when (old.state is distinct from new.state or old.ticket_id is distinct from new.ticket_id
        or (old.company_id is null and new.company_id is not null))
    execute function on_recording();
create or replace trigger chained_at_once after insert on recordings for each row
    when (new.state <> 'expected') execute function on_recording();

-- What an entry says, if it has its hash; null otherwise. Its text is read only then.
create or replace function body_of(e ledger_entries) returns jsonb
    language sql stable set search_path from current as $$
    select case when e.hash = sha256(
        coalesce(
            (select hash from ledger_entries where company_id = e.company_id and seq = e.seq - 1),
            decode(repeat('00', 32), 'hex'))
        || sha256(convert_to(e.entry, 'UTF8')))
    then e.entry::jsonb -> 'body' end
$$;
revoke execute on function body_of from public;
grant execute on function body_of to callcenter_company, callcenter_runtime;

-- The last entry about the object of a recording.
create or replace function last_entry(r recordings) returns ledger_entries
    language sql stable set search_path from current as $$
    select * from ledger_entries
    where recording_id = r.id and kind like 'recording %' and kind <> 'recording listened to'
    order by at desc, seq desc limit 1
$$;
revoke execute on function last_entry from public;
grant execute on function last_entry to callcenter_company, callcenter_runtime;

-- Whether a recording is still the object that its last entry names: key, version, size and SHA-256; and the bytes that every
-- entry names, since it may be stored again, but never changes: another state of a changed row would bring it an entry of its
-- own. Nothing of it is given out otherwise. What belongs to no company has no entry. Of a FLAC the last entry names the object
-- too, unless an earlier version wrote it, which knew of none.
create or replace function as_chained(r recordings) returns boolean
    language plpgsql stable set search_path from current as $$
declare
    last ledger_entries := last_entry(r);
    body jsonb;
begin
    if last.seq is null then
        return company_of(r) is null;
    end if;
    body := body_of(last);
    return body is not null
        and (body ->> 'recording', body ->> 'key', body ->> 'version', body ->> 'size', body ->> 'sha256')
        is not distinct from (r.id::text, r.object_key, r.version_id, r.size::text, encode(r.sha256, 'hex'))
        and (not body ? 'stored_sha256' or (body ->> 'stored_sha256', body ->> 'stored_size')
            is not distinct from (encode(r.stored_sha256, 'hex'), r.stored_size::text))
        and not exists (
            select from ledger_entries e cross join lateral (select body_of(e) as said) named
            where e.recording_id = r.id and e.kind like 'recording %' and e.kind <> 'recording listened to'
                and (said is null or said ? 'sha256' and (said ->> 'key', said ->> 'size', said ->> 'sha256')
                    is distinct from (r.object_key, r.size::text, encode(r.sha256, 'hex'))));
end $$;
revoke execute on function as_chained from public;
grant execute on function as_chained to callcenter_company, callcenter_runtime;

-- The same of a copy as `as_chained` says of its original.
create or replace function copy_as_chained(c recording_copies) returns boolean
    language plpgsql stable set search_path from current as $$
declare
    last ledger_entries;
    body jsonb;
begin
    select * into last from ledger_entries
    where recording_id = c.recording_id and kind = 'copy made' order by at desc, seq desc limit 1;
    if last.seq is null then
        return (select company_of(r) is null from recordings r where r.id = c.recording_id);
    end if;
    body := body_of(last);
    return body is not null
        and (body ->> 'recording', body ->> 'copy_key', body ->> 'copy_version', body ->> 'copy_size', body ->> 'copy_sha256')
        is not distinct from (c.recording_id::text, c.object_key, c.version_id, c.size::text, encode(c.sha256, 'hex'));
end $$;
revoke execute on function copy_as_chained from public;
grant execute on function copy_as_chained to callcenter_company, callcenter_runtime;

create or replace function chain_hold() returns trigger language plpgsql security definer set search_path from current as $$
begin
    perform append_ledger(
        (select company_id from tickets where id = new.ticket_id),
        case when new.released_at is null then 'hold placed' else 'hold released' end,
        jsonb_build_object('hold', new.id, 'ticket', new.ticket_id, 'reason', new.reason,
            'by', coalesce(new.released_by, new.placed_by)));
    return null;
end $$;
revoke execute on function chain_hold from public;
create or replace trigger chained after insert or update of released_at on legal_holds
    for each row execute function chain_hold();

-- Each listening, with all columns of its row.
create or replace function chain_play() returns trigger language plpgsql security definer set search_path from current as $$
declare
    company integer;
    ticket bigint;
begin
    select coalesce(r.company_id, t.company_id, c.company_id), coalesce(r.ticket_id, t.id) into company, ticket
    from recordings r
    left join calls c on c.id = coalesce(r.call_id, r.named_call)
    left join tickets t on t.id = r.ticket_id or (r.ticket_id is null and t.call_id = c.id)
    where r.id = new.recording_id;
    if company is not null then
        perform append_ledger(company, 'recording listened to', jsonb_strip_nulls(
            to_jsonb(new) - 'recording_id' - 'operator_id'
            || jsonb_build_object('recording', new.recording_id, 'ticket', ticket, 'by', new.operator_id)));
    end if;
    return null;
end $$;
revoke execute on function chain_play from public;
create or replace trigger chained after insert on recording_plays for each row execute function chain_play();

create or replace function chain_pack() returns trigger language plpgsql security definer set search_path from current as $$
begin
    perform append_ledger(
        new.company_id,
        case new.state when 'waiting' then 'pack ordered' when 'ready' then 'pack made' else 'pack failed' end,
        jsonb_strip_nulls(jsonb_build_object('pack', new.id, 'ticket', new.ticket_id, 'by', new.operator_id,
            'sha256', encode(new.sha256, 'hex'), 'size', new.size, 'problem', new.problem)));
    return null;
end $$;
revoke execute on function chain_pack from public;
create or replace trigger chained after insert on evidence_packs for each row execute function chain_pack();
create or replace trigger chained_at_end after update of state on evidence_packs for each row
    when (old.state <> new.state and new.state in ('ready', 'failed')) execute function chain_pack();

-- Links to recordings in the custody chain: made, ended, and each time that somebody outside played or downloaded one.
create or replace function chain_link() returns trigger language plpgsql security definer set search_path from current as $$
begin
    perform append_ledger(
        new.company_id,
        case when new.revoked_at is null then 'link made' else 'link revoked' end,
        jsonb_build_object('link', new.id, 'ticket', new.ticket_id, 'recipient', new.recipient, 'purpose', new.purpose,
            'expires_at', new.expires_at, 'by', coalesce(new.revoked_by, new.made_by)));
    return null;
end $$;
revoke execute on function chain_link from public;
create or replace trigger chained after insert on share_links for each row execute function chain_link();
create or replace trigger chained_at_end after update of revoked_at on share_links for each row
    when (old.revoked_at is null and new.revoked_at is not null) execute function chain_link();

-- What a stranger can do without limit, such as open a page or guess a PIN, is only in the link's own log.
create or replace function chain_link_use() returns trigger language plpgsql security definer set search_path from current as $$
begin
    perform append_ledger(l.company_id, 'link used', jsonb_strip_nulls(jsonb_build_object(
            'link', l.id, 'ticket', l.ticket_id, 'use', new.kind, 'address', new.address, 'recording', r.recording_id)))
    from share_links l
    left join share_link_recordings r on r.link_id = l.id and r.place = new.place
    where l.id = new.link_id;
    return null;
end $$;
revoke execute on function chain_link_use from public;
create or replace trigger chained after insert on share_link_uses for each row
    when (new.kind in ('listened', 'original', 'copy')) execute function chain_link_use();
