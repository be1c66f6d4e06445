-- The chained ledger: what became of each company's recordings, in an order that cannot be changed unnoticed.

-- `entry` is the very text that was hashed. content = SHA-256(entry), hash = SHA-256(hash of the entry before || content);
-- before the first stand 32 zero bytes. Two steps, so that a reader can follow the chain through entries that are not
-- shown to them; the salt in each entry keeps what it says from being guessed by its hash.
create table ledger_entries (
    company_id   integer not null references companies,
    seq          bigint not null check (seq > 0),
    at           timestamptz not null,
    kind         text not null,
    ticket_id    bigint,
    recording_id bigint,
    entry        text not null,
    hash         bytea not null check (length(hash) = 32),
    primary key (company_id, seq)
);
create index on ledger_entries (ticket_id) where ticket_id is not null;
create index on ledger_entries (recording_id) where recording_id is not null;

-- Where each chain ends. Whoever appends holds this row, so that the entries of a company come one after the other.
create table ledger_heads (
    company_id integer primary key references companies,
    seq        bigint not null,
    hash       bytea not null check (length(hash) = 32)
);

-- Append an entry in this transaction; returns its number. `ticket` and `recording` in the body say what it is about.
create function append_ledger(company integer, kind text, body jsonb) returns bigint
    language plpgsql set search_path from current as $$
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

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is only added to' using errcode = 'insufficient_privilege';
end $$;
create trigger only_added before update or delete on ledger_entries for each row execute function refuse_change();

-- A recording: each state after "expected", except "stored", which "verified" tells of too; and a ticket found later.
-- Before its call is written nobody knows its company; then the first entry is the one that comes with the company.
create function chain_recording(r recordings, kind text) returns void
    language plpgsql set search_path from current as $$
declare
    named text := coalesce(r.call_id, split_part(r.name, '_', 1));
    ticket bigint := coalesce(r.ticket_id, (select id from tickets where call_id = named));
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
            'verified_at', r.verified_at)));
    end if;
end $$;
revoke execute on function chain_recording from public;

create function on_recording() returns trigger language plpgsql security definer set search_path from current as $$
begin
    if new.state not in ('expected', 'stored') then
        perform chain_recording(
            new,
            case when tg_op = 'UPDATE' and old.state = new.state then 'recording adopted' else 'recording ' || new.state end);
    end if;
    return null;
end $$;
revoke execute on function on_recording from public;
create trigger chained after update of state, ticket_id on recordings for each row
    when (old.state is distinct from new.state or old.ticket_id is distinct from new.ticket_id)
    execute function on_recording();
create trigger chained_at_once after insert on recordings for each row
    when (new.state <> 'expected') execute function on_recording();
-- Those that were there before the chain was.
select chain_recording(r, 'recording ' || r.state) from recordings r where r.state <> 'expected' order by r.id;

create function chain_hold() returns trigger language plpgsql security definer set search_path from current as $$
begin
    perform append_ledger(
        (select company_id from tickets where id = new.ticket_id),
        case when new.released_at is null then 'hold placed' else 'hold released' end,
        jsonb_build_object('hold', new.id, 'ticket', new.ticket_id, 'reason', new.reason,
            'by', coalesce(new.released_by, new.placed_by)));
    return null;
end $$;
revoke execute on function chain_hold from public;
create trigger chained after insert or update of released_at on legal_holds for each row execute function chain_hold();

-- Each listening, with all that its row says.
create function chain_play() returns trigger language plpgsql security definer set search_path from current as $$
declare
    company integer;
    ticket bigint;
begin
    select coalesce(r.company_id, t.company_id, c.company_id), coalesce(r.ticket_id, t.id) into company, ticket
    from recordings r
    left join calls c on c.id = coalesce(r.call_id, split_part(r.name, '_', 1))
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
create trigger chained after insert on recording_plays for each row execute function chain_play();

-- Evidence packs: ordered from a ticket, made by a job, kept in the store for a while. `head` is the end of the company's
-- chain that the pack holds, so that a chain cut off later shows.
create table evidence_packs (
    id          bigint generated always as identity primary key,
    ticket_id   bigint not null references tickets,
    company_id  integer not null references companies,
    operator_id integer not null references operators,
    language    text not null check (language in ('ru', 'en')),
    state       text not null default 'waiting' check (state in ('waiting', 'running', 'ready', 'failed')),
    attempts    integer not null default 0,
    done        integer not null default 0,
    expected    integer,
    problem     text,
    object_key  text unique,
    size        bigint,
    sha256      bytea check (length(sha256) = 32),
    head_seq    bigint,
    head_hash   bytea check (length(head_hash) = 32),
    asked_at    timestamptz not null default now(),
    ready_at    timestamptz,
    expires_at  timestamptz,
    check ((state = 'ready') = (ready_at is not null)),
    check (state <> 'ready' or (size is not null and sha256 is not null and head_seq is not null and head_hash is not null))
);
create index on evidence_packs (ticket_id, id desc);
create index on evidence_packs (id) where state in ('waiting', 'running');

create function chain_pack() returns trigger language plpgsql security definer set search_path from current as $$
begin
    perform append_ledger(
        new.company_id,
        case new.state when 'waiting' then 'pack ordered' when 'ready' then 'pack made' else 'pack failed' end,
        jsonb_strip_nulls(jsonb_build_object('pack', new.id, 'ticket', new.ticket_id, 'by', new.operator_id,
            'sha256', encode(new.sha256, 'hex'), 'size', new.size, 'problem', new.problem)));
    return null;
end $$;
revoke execute on function chain_pack from public;
create trigger chained after insert on evidence_packs for each row execute function chain_pack();
create trigger chained_at_end after update of state on evidence_packs for each row
    when (old.state <> new.state and new.state in ('ready', 'failed')) execute function chain_pack();

alter table ledger_entries enable row level security;
create policy own on ledger_entries to callcenter_company using (company_id = my_company());
alter table ledger_heads enable row level security;
create policy own on ledger_heads to callcenter_company using (company_id = my_company());
alter table evidence_packs enable row level security;
create policy own on evidence_packs to callcenter_company using (company_id = my_company());
grant select on ledger_entries, ledger_heads, evidence_packs to callcenter_company;
