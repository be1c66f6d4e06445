-- The whole schema, as the migrations and the functions make it. `python -m stack schema` writes this file.
-- The roles callcenter_company and callcenter_runtime must be there before it is applied.

set check_function_bodies = false;

CREATE TYPE public.journal_filter AS (
	company integer,
	states text[],
	due text,
	categories integer[],
	houses integer[],
	crew integer,
	operator integer,
	since timestamp with time zone,
	until timestamp with time zone,
	payments text[],
	words text[],
	prefix text,
	number integer,
	tail text,
	folded boolean
);

CREATE TYPE public.listening_filter AS (
	company integer,
	operator integer,
	houses integer[],
	since timestamp with time zone,
	until timestamp with time zone,
	shortest double precision,
	longest double precision,
	states text[],
	marked boolean,
	reviewed boolean,
	words text[],
	prefix text,
	number integer,
	tail text
);

CREATE TYPE public.pgqueuer_status AS ENUM (
    'queued',
    'picked',
    'successful',
    'exception',
    'canceled',
    'deleted',
    'failed'
);

CREATE FUNCTION public.add_default_categories(company integer) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    given jsonb;
begin
    select body -> 'category' into strict given from defaults where name = 'categories';
    with added as (
        insert into categories (company_id, code, class, name_ru, name_en)
        select company, c ->> 'code', c ->> 'class', c ->> 'name_ru', c ->> 'name_en'
        from jsonb_array_elements(given) with ordinality as category (c, place) order by place
        on conflict do nothing
        returning id, code
    )
    insert into limits (category_id, step, minutes, warn_before, opens, closes)
    select a.id, l.step, l.minutes, l.warn_before, l.opens, l.closes
    from added a
    join jsonb_array_elements(given) c on c ->> 'code' = a.code
    cross join jsonb_to_recordset(c -> 'limits') l (step text, minutes integer, warn_before integer, opens time, closes time);
end $$;

CREATE FUNCTION public.analyze_directory() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
    analyze houses, premises, residents, resident_phones;
end $$;

CREATE FUNCTION public.append_ledger(company integer, kind text, body jsonb) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO '$user', 'public'
    AS $$
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

CREATE TABLE public.recordings (
    id bigint NOT NULL,
    name text NOT NULL,
    node text NOT NULL,
    call_id text,
    ticket_id bigint,
    state text NOT NULL,
    sha256 bytea,
    size bigint,
    duration_s double precision,
    object_key text,
    defect text,
    expected_at timestamp with time zone,
    recorded_at timestamp with time zone,
    stored_at timestamp with time zone,
    verified_at timestamp with time zone,
    attached_at timestamp with time zone,
    company_id integer,
    rate integer,
    channels integer,
    repaired boolean DEFAULT false NOT NULL,
    version_id text,
    retain_until timestamp with time zone,
    deleted_at timestamp with time zone,
    deleted_because text,
    copy_wanted boolean DEFAULT true NOT NULL,
    locked_until timestamp with time zone,
    held boolean DEFAULT false NOT NULL,
    named_call text GENERATED ALWAYS AS (split_part(name, '_'::text, 1)) STORED NOT NULL,
    stored_sha256 bytea,
    stored_size bigint,
    CONSTRAINT recordings_check CHECK (((state = ANY (ARRAY['expected'::text, 'missing'::text])) OR ((sha256 IS NOT NULL) AND (size IS NOT NULL) AND (object_key IS NOT NULL)))),
    CONSTRAINT recordings_check1 CHECK (((stored_sha256 IS NULL) = (stored_size IS NULL))),
    CONSTRAINT recordings_sha256_check CHECK ((length(sha256) = 32)),
    CONSTRAINT recordings_state_check CHECK ((state = ANY (ARRAY['expected'::text, 'recorded'::text, 'stored'::text, 'verified'::text, 'attached'::text, 'expired'::text, 'deleted'::text, 'missing'::text]))),
    CONSTRAINT recordings_stored_sha256_check CHECK ((length(stored_sha256) = 32)),
    CONSTRAINT recordings_stored_size_check CHECK ((stored_size >= 0))
);

CREATE FUNCTION public.as_chained(r public.recordings) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO '$user', 'public'
    AS $$
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

CREATE FUNCTION public.asterisk_wanted(of_node text) RETURNS TABLE(kind text, name text, value text, company_id integer, operator_id integer)
    LANGUAGE sql STABLE
    AS $$
    select 'number', n.number, c.language, c.id, null::integer from numbers n join companies c on c.id = n.company_id
    union all
    select 'telephone', o.endpoint, o.id || '/' || o.sip_version, null, o.id from operators o
    where o.endpoint is not null and o.active and (o.node is null or o.node = of_node)
    union all
    select 'trunk', t.name, t.id || '/' || t.version, null, null from trunks t
    where t.active and (t.node is null or t.node = of_node) and not exists (select from nodes where name = of_node and shared)
$$;

CREATE TABLE public.ledger_entries (
    company_id integer NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    ticket_id bigint,
    recording_id bigint,
    entry text,
    hash bytea NOT NULL,
    content bytea,
    CONSTRAINT ledger_entries_content_check CHECK ((length(content) = 32)),
    CONSTRAINT ledger_entries_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT ledger_entries_seq_check CHECK ((seq > 0)),
    CONSTRAINT ledger_entries_text_or_content CHECK ((num_nonnulls(entry, content) = 1))
);

CREATE FUNCTION public.body_of(e public.ledger_entries) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO '$user', 'public'
    AS $$
    select case when e.hash = sha256(
        coalesce(
            (select hash from ledger_entries where company_id = e.company_id and seq = e.seq - 1),
            decode(repeat('00', 32), 'hex'))
        || sha256(convert_to(e.entry, 'UTF8')))
    then e.entry::jsonb -> 'body' end
$$;

CREATE FUNCTION public.call_kept(call text) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select min(ticket_kept(id)) from tickets_about(call) as about (id)
$$;

CREATE FUNCTION public.calls_of_resident(resident integer) RETURNS SETOF text
    LANGUAGE sql STABLE
    AS $$
    select id from calls where resident_id = resident
    union
    select c.id from resident_phones p
    join residents r on r.id = p.resident_id join premises f on f.id = r.premises_id join houses h on h.id = f.house_id
    join calls c on c.caller = p.phone and c.resident_id is null and c.company_id = h.company_id
    where p.resident_id = resident and not exists (
        select from resident_phones o where o.phone = p.phone and o.resident_id <> resident)
$$;

CREATE FUNCTION public.calls_of_ticket(ticket bigint) RETURNS SETOF text
    LANGUAGE sql STABLE
    AS $$
    select call_id from tickets where id = ticket and call_id is not null
    union select call_id from recordings where ticket_id = ticket and call_id is not null
    union select call_id from joined_calls where ticket_id = ticket
    union select call_id from further_tickets where ticket_id = ticket
$$;

CREATE TABLE public.calls (
    id text NOT NULL,
    node text NOT NULL,
    company_id integer,
    resident_id integer,
    did text NOT NULL,
    caller text NOT NULL,
    queue text,
    state text NOT NULL,
    outcome text,
    fate text,
    interface text,
    operator_id integer,
    recording text,
    ended_by text,
    arrived_at timestamp with time zone NOT NULL,
    queued_at timestamp with time zone,
    answered_at timestamp with time zone,
    talk_ended_at timestamp with time zone,
    left_at timestamp with time zone,
    ended_at timestamp with time zone,
    wait_s double precision,
    talk_s double precision,
    rings integer DEFAULT 0 NOT NULL,
    hangup_cause integer,
    rebuilt boolean DEFAULT false NOT NULL,
    returns timestamp with time zone[] DEFAULT '{}'::timestamp with time zone[] NOT NULL,
    rewait_s double precision DEFAULT 0 NOT NULL,
    direction text DEFAULT 'in'::text NOT NULL,
    keys text DEFAULT ''::text NOT NULL,
    told_at timestamp with time zone,
    imported boolean DEFAULT false NOT NULL,
    forgotten_at timestamp with time zone,
    CONSTRAINT calls_check CHECK (((state = 'ended'::text) = (outcome IS NOT NULL))),
    CONSTRAINT calls_check1 CHECK (((state = 'ended'::text) = (ended_at IS NOT NULL))),
    CONSTRAINT calls_direction_check CHECK ((direction = ANY (ARRAY['in'::text, 'out'::text]))),
    CONSTRAINT calls_ended_by_check CHECK ((ended_by = ANY (ARRAY['caller'::text, 'operator'::text, 'transfer'::text, 'system'::text, 'network'::text]))),
    CONSTRAINT calls_fate_check CHECK ((fate = ANY (ARRAY['abandoned'::text, 'timed_out'::text, 'no_such_number'::text, 'interrupted'::text]))),
    CONSTRAINT calls_outcome_check CHECK ((outcome = ANY (ARRAY['answered'::text, 'informed'::text, 'abandoned'::text, 'hung_up_early'::text, 'timed_out'::text, 'no_such_number'::text, 'interrupted'::text, 'not_reached'::text]))),
    CONSTRAINT calls_state_check CHECK ((state = ANY (ARRAY['arrived'::text, 'waiting'::text, 'talking'::text, 'leaving'::text, 'ended'::text])))
);

COMMENT ON COLUMN public.calls.keys IS 'The keys that the caller pressed, in order.';

CREATE FUNCTION public.calls_that_came(company integer, start timestamp with time zone, until timestamp with time zone) RETURNS SETOF public.calls
    LANGUAGE sql STABLE
    AS $$
    select * from calls
    where company_id = company and arrived_at >= start and arrived_at < until
        and state = 'ended' and direction = 'in' and not imported
$$;

CREATE TABLE public.recording_copies (
    recording_id bigint NOT NULL,
    object_key text,
    media_type text,
    sha256 bytea,
    size bigint,
    made_at timestamp with time zone DEFAULT now() NOT NULL,
    problem text,
    version_id text,
    CONSTRAINT recording_copies_check CHECK (((problem IS NULL) = ((object_key IS NOT NULL) AND (media_type IS NOT NULL) AND (sha256 IS NOT NULL) AND (size IS NOT NULL)))),
    CONSTRAINT recording_copies_sha256_check CHECK ((length(sha256) = 32))
);

COMMENT ON COLUMN public.recording_copies.version_id IS 'The version of the object that is in the custody chain; null where the bucket has none.';

CREATE FUNCTION public.chain_copy(c public.recording_copies) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public'
    AS $$
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

CREATE FUNCTION public.chain_hold() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO '$user', 'public'
    AS $$
begin
    perform append_ledger(
        (select company_id from tickets where id = new.ticket_id),
        case when new.released_at is null then 'hold placed' else 'hold released' end,
        jsonb_build_object('hold', new.id, 'ticket', new.ticket_id, 'reason', new.reason,
            'by', coalesce(new.released_by, new.placed_by)));
    return null;
end $$;

CREATE FUNCTION public.chain_link() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO '$user', 'public'
    AS $$
begin
    perform append_ledger(
        new.company_id,
        case when new.revoked_at is null then 'link made' else 'link revoked' end,
        jsonb_build_object('link', new.id, 'ticket', new.ticket_id, 'recipient', new.recipient, 'purpose', new.purpose,
            'expires_at', new.expires_at, 'by', coalesce(new.revoked_by, new.made_by)));
    return null;
end $$;

CREATE FUNCTION public.chain_link_use() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO '$user', 'public'
    AS $$
begin
    perform append_ledger(l.company_id, 'link used', jsonb_strip_nulls(jsonb_build_object(
            'link', l.id, 'ticket', l.ticket_id, 'use', new.kind, 'address', new.address, 'recording', r.recording_id)))
    from share_links l
    left join share_link_recordings r on r.link_id = l.id and r.place = new.place
    where l.id = new.link_id;
    return null;
end $$;

CREATE FUNCTION public.chain_pack() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO '$user', 'public'
    AS $$
begin
    perform append_ledger(
        new.company_id,
        case new.state when 'waiting' then 'pack ordered' when 'ready' then 'pack made' else 'pack failed' end,
        jsonb_strip_nulls(jsonb_build_object('pack', new.id, 'ticket', new.ticket_id, 'by', new.operator_id,
            'sha256', encode(new.sha256, 'hex'), 'size', new.size, 'problem', new.problem)));
    return null;
end $$;

CREATE FUNCTION public.chain_play() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO '$user', 'public'
    AS $$
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

CREATE FUNCTION public.chain_recording(r public.recordings, kind text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public'
    AS $$
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

CREATE FUNCTION public.company_of(r public.recordings) RETURNS integer
    LANGUAGE sql STABLE
    SET search_path TO '$user', 'public'
    AS $$
    select coalesce(
        r.company_id,
        (select company_id from tickets where id = r.ticket_id),
        (select company_id from calls where id = coalesce(r.call_id, r.named_call)))
$$;

CREATE FUNCTION public.copy_as_chained(c public.recording_copies) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO '$user', 'public'
    AS $$
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

CREATE FUNCTION public.default_deadlines(ticket bigint) RETURNS void
    LANGUAGE sql
    AS $$
    insert into ticket_deadlines (ticket_id, step, due_at, warn_at, met_at)
    select t.id, l.step, t.opened_at + make_interval(mins => l.minutes),
           t.opened_at + make_interval(mins => l.minutes - l.warn_before),
           case when l.step = 'tell' then (select min(at) from ticket_events where ticket_id = t.id and kind = 'told') end
    from tickets t join default_limits l on l.company_id = t.company_id
    where t.id = ticket
    on conflict do nothing
$$;

CREATE FUNCTION public.due_audit(company integer, before timestamp with time zone, after_at timestamp with time zone, after_id text, most integer) RETURNS TABLE(id text, at timestamp with time zone, kept text)
    LANGUAGE sql STABLE
    AS $$
    select audit_log.id::text, audit_log.at, null from audit_log
    where coalesce(company_id, 0) = company and address <> '' and audit_log.at < before and audit_log.at >= after_at
        and (audit_log.at, audit_log.id::text) > (after_at, after_id)
    order by audit_log.at, audit_log.id::text limit most
$$;

CREATE FUNCTION public.due_calls(company integer, before timestamp with time zone, after_at timestamp with time zone, after_id text, most integer) RETURNS TABLE(id text, at timestamp with time zone, kept text)
    LANGUAGE sql STABLE
    AS $$
    select c.id, c.arrived_at, call_kept(c.id) from (
        select calls.id, arrived_at from calls
        where coalesce(company_id, 0) = company and forgotten_at is null and state = 'ended' and arrived_at < before
            and arrived_at >= after_at and (arrived_at, calls.id) > (after_at, after_id)
        order by arrived_at, calls.id limit most
    ) c
$$;

CREATE FUNCTION public.due_links(company integer, before timestamp with time zone, after_at timestamp with time zone, after_id text, most integer) RETURNS TABLE(id text, at timestamp with time zone, kept text)
    LANGUAGE sql STABLE
    AS $$
    select l.id::text, l.at, (select kept from ticket_kept(l.ticket_id) kept where kept in ('hold', 'open')) from (
        select share_links.id, ticket_id, least(expires_at, revoked_at) as at from share_links
        where company_id = company and forgotten_at is null and least(expires_at, revoked_at) < before
            and (least(expires_at, revoked_at), share_links.id::text) > (after_at, after_id)
        order by 3, share_links.id::text limit most
    ) l
$$;

CREATE FUNCTION public.due_residents(company integer, before timestamp with time zone, after_at timestamp with time zone, after_id text, most integer) RETURNS TABLE(id text, at timestamp with time zone, kept text)
    LANGUAGE sql STABLE
    AS $$
    select r.id::text, r.left_at, resident_kept(r.id) from (
        select residents.id, left_at from residents
        join premises p on p.id = premises_id join houses h on h.id = p.house_id
        where coalesce(h.company_id, 0) = company and left_at < before and (left_at, residents.id::text) > (after_at, after_id)
        order by left_at, residents.id::text limit most
    ) r
$$;

CREATE FUNCTION public.due_tickets(company integer, before timestamp with time zone, after_at timestamp with time zone, after_id text, most integer) RETURNS TABLE(id text, at timestamp with time zone, kept text)
    LANGUAGE sql STABLE
    AS $$
    select t.id::text, t.at, ticket_kept(t.id) from (
        select tickets.id, coalesce(closed_at, updated_at) as at from tickets
        where company_id = company and forgotten_at is null and not is_open(state)
            and coalesce(closed_at, updated_at) < before and coalesce(closed_at, updated_at) >= after_at
            and (coalesce(closed_at, updated_at), tickets.id::text) > (after_at, after_id)
        order by 2, tickets.id::text limit most
    ) t
$$;

CREATE FUNCTION public.empty_entries(company integer, tickets bigint[], links bigint[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO '$user', 'public'
    AS $$
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

CREATE FUNCTION public.end_pauses() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    update recording_pauses set ended_at = new.ended_at where recording = new.recording and ended_at is null;
    return null;
end $$;

CREATE FUNCTION public.fill_in(message jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $$
declare
    known jsonb;
begin
    if message ? 'ticket_of' then
        known := jsonb_build_object('outage', outage_of_call(message ->> 'ticket_of'), 'ticket', (
            select jsonb_build_object('id', id, 'number', number) from tickets
            where id = ticket_of_call(message ->> 'ticket_of'))) || settled_caller(message ->> 'ticket_of');
    elsif message ? 'outage_of' then
        known := jsonb_build_object('outage', outage_of_call(message ->> 'outage_of'))
            || (settled_caller(message ->> 'outage_of') - 'house_id');
    elsif message ? 'name_of' then
        select jsonb_build_object('name', name, 'login', login) into known
        from operators where id = (message ->> 'name_of')::integer;
    end if;
    return message || jsonb_build_object('body', message -> 'body' || coalesce(known, '{}'));
end $$;

CREATE FUNCTION public.fn_pgqueuer_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    to_emit BOOLEAN := false;  -- Flag to decide whether to emit a notification
BEGIN
    -- Check operation type and set the emit flag accordingly
    IF TG_OP = 'UPDATE' AND OLD IS DISTINCT FROM NEW THEN
        to_emit := true;
    ELSIF TG_OP = 'DELETE' THEN
        to_emit := true;
    ELSIF TG_OP = 'INSERT' THEN
        to_emit := true;
    ELSIF TG_OP = 'TRUNCATE' THEN
        to_emit := true;
    END IF;

    -- Perform notification if the emit flag is set
    IF to_emit THEN
        PERFORM pg_notify(
            'ch_pgqueuer',
            json_build_object(
                'channel', 'ch_pgqueuer',
                'operation', lower(TG_OP),
                'sent_at', NOW(),
                'table', TG_TABLE_NAME,
                'type', 'table_changed_event'
            )::text
        );
    END IF;

    -- Return appropriate value based on the operation
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSE
        RETURN NULL; -- For TRUNCATE and other non-row-specific contexts
    END IF;

END;
$$;

CREATE FUNCTION public.forget_audit(ids text[]) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO '$user', 'public'
    AS $$
begin
    update audit_log set address = '', details = details - array['browser', 'login'] where id = any(ids::bigint[]);
    return ids;
end $$;

CREATE FUNCTION public.forget_calls(ids text[]) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO '$user', 'public'
    AS $$
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

CREATE FUNCTION public.forget_flat_key() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    new.flat_key := null;
    return new;
end $$;

CREATE FUNCTION public.forget_house_key() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if (old.city, old.street, old.building) is distinct from (new.city, new.street, new.building) then
        new.building_key := null;
    end if;
    return new;
end $$;

CREATE FUNCTION public.forget_links(ids text[]) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO '$user', 'public'
    AS $$
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

CREATE FUNCTION public.forget_residents(ids text[]) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO '$user', 'public'
    AS $$
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

CREATE FUNCTION public.forget_tickets(ids text[]) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO '$user', 'public'
    AS $$
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

CREATE FUNCTION public.hours_of_calls(company integer, zone text, start timestamp with time zone, until timestamp with time zone) RETURNS TABLE(hour integer, calls bigint, answered bigint, informed bigint, early bigint, in_time bigint, waited bigint, wait_s double precision, longest_s double precision, talk_s double precision)
    LANGUAGE sql STABLE
    AS $$
    select (extract(isodow from c.arrived_at at time zone zone)::integer - 1) * 24
               + extract(hour from c.arrived_at at time zone zone)::integer,
           count(*), count(*) filter (where c.outcome = 'answered'), count(*) filter (where c.outcome = 'informed'),
           count(*) filter (where c.outcome = 'hung_up_early'),
           count(*) filter (where c.outcome = 'answered' and c.answered_at - c.arrived_at <= interval '5 minutes'),
           count(c.wait_s), coalesce(sum(c.wait_s), 0), coalesce(max(c.wait_s), 0),
           coalesce(sum(c.talk_s) filter (where c.outcome = 'answered'), 0)
    from calls_that_came(company, start, until) c
    group by 1
$$;

CREATE FUNCTION public.is_held(r public.recordings) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    select exists (
        select from legal_holds h where h.released_at is null and (
            h.ticket_id = r.ticket_id or h.ticket_id in (select f.ticket_id from further_tickets f where f.call_id = r.call_id)))
$$;

CREATE FUNCTION public.is_open(state text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select state not in ('closed', 'cancelled')
$$;

CREATE FUNCTION public.join_ticket(call text, company integer, called text, flat integer, telephone text) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
declare
    to_crew boolean := exists (select from crews c where c.phone = called)
        or exists (select from responsibles r where r.phone = called);
    wanted bigint;
begin
    select p.ticket_id into wanted
    from planned_calls p join tickets t on t.id = p.ticket_id join operators o on o.id = p.operator_id
    where 'PJSIP/' || o.endpoint = telephone and p.number = called and p.at > now() - interval '5 minutes' and t.company_id = company;
    if wanted is not null then
        null;
    elsif to_crew then
        select min(t.id) into wanted from tickets t
        where is_open(t.state) and t.company_id = company
          and (t.crew_id in (select id from crews c where c.phone = called)
               or t.responsible_id in (select id from responsibles r where r.phone = called))
        having count(*) = 1;
    else
        select t.id into wanted from tickets t
        where is_open(t.state) and t.company_id = company
          and (t.caller = called or reverse(t.contact_phone) = reverse(called) or t.premises_id = flat)
        order by t.opened_at desc, t.id desc limit 1;
    end if;
    if wanted is not null then
        insert into joined_calls (call_id, ticket_id) values (call, wanted) on conflict do nothing;
    end if;
    return to_crew or wanted is not null;
end $$;

CREATE FUNCTION public.journal_conditions(f public.journal_filter) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select concat_ws(' and ',
        'true',
        't.company_id = ' || quote_literal(f.company),
        one_of('t.state', f.states),
        one_of('t.category_id', f.categories),
        one_of('t.house_id', f.houses),
        't.crew_id = ' || quote_literal(f.crew),
        't.operator_id = ' || quote_literal(f.operator),
        't.opened_at >= ' || quote_literal(f.since),
        't.opened_at < ' || quote_literal(f.until),
        't.payment <> ''none'' and ' || one_of('t.payment', f.payments),
        'is_open(t.state) and ' || case f.due when 'waiting' then 't.waiting_since is not null'
            when 'crew' then 't.crew_said is not null' else
            'exists (select from ticket_deadlines d '
            'where d.ticket_id = t.id and d.met_at is null and d.held_at is null and '
            || case f.due when 'late' then 'd.due_at < now())'
                          when 'soon' then 'd.due_at >= now() and d.warn_at <= now())' end end)
$$;

CREATE FUNCTION public.journal_counts(company integer, crew integer) RETURNS TABLE(late bigint, soon bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
    mine integer := my_company();
    theirs integer := coalesce(mine, company);
begin
    if current_setting('role') = 'callcenter_company' and mine is null then
        theirs := 0;
    end if;
    return query
        select count(distinct t.id) filter (where d.due_at < now()), count(distinct t.id) filter (where d.due_at >= now())
        from tickets t
        join ticket_deadlines d on d.ticket_id = t.id and d.met_at is null and d.held_at is null and d.warn_at <= now()
        where is_open(t.state) and (theirs is null or t.company_id = theirs)
          and (crew is null or t.crew_id = crew);
end $$;

CREATE FUNCTION public.journal_page(asked jsonb, wanted integer, before_at timestamp with time zone, before_id bigint) RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
    SET search_path TO 'public', 'pg_temp'
    SET work_mem TO '32MB'
    AS $_$
declare
    -- Looked at first, to find what is common and to learn how common the rest is.
    newest constant integer := 2000;
    -- How much further back than where the page should end by what was found so far: older tickets may have less of it.
    margin constant float := 1.5;
    f journal_filter := jsonb_populate_record(null::journal_filter, asked);
    mine integer := my_company();
    conditions text;
    search text;
    unfolded text;
    gather text;
    found_ids bigint[];
    have bigint;
    looked bigint;
    last_at timestamptz;
    first_at timestamptz;
    since timestamptz;
begin
    if current_setting('role') = 'callcenter_company' or mine is not null then
        if mine is null or f.company <> mine then
            return;
        end if;
        f.company := mine;
    end if;
    conditions := journal_conditions(f);
    search := journal_search(f);
    if f.folded then
        unfolded := journal_unfolded(conditions, search);
    end if;
    conditions := concat_ws(' and ', conditions,
        '(t.opened_at, t.id) < (' || quote_literal(before_at) || '::timestamptz, ' || before_id || ')');
    if search is null then
        return query execute format(
            'select t.id from tickets t where %s order by t.opened_at desc, t.id desc limit %s',
            concat_ws(' and ', conditions, unfolded), wanted);
        return;
    end if;
    search := concat_ws(' and ', search, unfolded);
    gather := 'with t as materialized (select t.id, t.opened_at from tickets t where %s and ' || replace(conditions, '%', '%%')
        || ') select t.id from t order by t.opened_at desc, t.id desc limit ' || wanted;
    -- Numbers are rare.
    if journal_words(f) is not null then
        execute format(
            'select (array_agg(t.id order by t.opened_at desc, t.id desc) filter (where %1$s))[:%2$s],'
            ' count(*) filter (where %1$s), count(*), max(t.opened_at), min(t.opened_at) from ('
            'select * from tickets t where %3$s order by t.opened_at desc, t.id desc limit %4$s) t',
            search, wanted, conditions, newest)
        into found_ids, have, looked, last_at, first_at;
        if looked < newest or have >= wanted then
            return query select unnest(found_ids);
            return;
        end if;
        since := least(first_at, last_at - interval '1 day');
        loop
            since := last_at - (last_at - since) * (margin * wanted / (have + 1));
            exit when since < (select min(opened_at) from tickets);
            execute format('select array(' || gather || ')', journal_weeks(since, last_at) || ' and ' || search) into found_ids;
            have := cardinality(found_ids);
            if have = wanted then
                return query select unnest(found_ids);
                return;
            end if;
        end loop;
    end if;
    return query execute format(gather, search);
end $_$;

CREATE FUNCTION public.journal_search(f public.journal_filter) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select nullif(concat_ws(' and ',
        't.search @@ ' || quote_literal(journal_words(f)) || '::tsquery',
        '(' || nullif(concat_ws(' or ',
            't.number = ' || quote_literal(f.number),
            'reverse(t.caller) like ' || quote_literal(f.tail || '%'),
            'reverse(t.contact_phone) like ' || quote_literal(f.tail || '%')), '') || ')'), '')
$$;

CREATE FUNCTION public.journal_unfolded(conditions text, search text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    select '(t.parent_id is null or (select true from (select t.parent_id as incident) below, '
           'lateral (select * from tickets where id = below.incident) t where '
           || concat_ws(' and ', conditions, search) || ') is null)'
$$;

CREATE FUNCTION public.journal_weeks(since timestamp with time zone, until timestamp with time zone) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    select format('array[((t.opened_at at time zone ''UTC'')::date - date ''2000-01-01'') / 28] && %L::integer[]', array(
        select generate_series(((since at time zone 'UTC')::date - date '2000-01-01') / 28,
                               ((until at time zone 'UTC')::date - date '2000-01-01') / 28)))
$$;

CREATE FUNCTION public.journal_word(forms text, is_last boolean) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    with form as (
        select rtrim(text, '*') as text, place, text like '%*' as begins, plainto_tsquery('russian', text) as stem
        from string_to_table(forms, '|') with ordinality f (text, place)
    )
    select '(' || string_agg(distinct q, ' | ') || ')' from (
        select stem::text as q from form where numnode(stem) > 0
        union all
        -- Whatever has a word as it is written has its stem as well; a form of an unknown one may have no other.
        select plainto_tsquery('simple', text)::text from form
        where place = 1 and numnode(stem) > 0 and (select count(*) from form) = 1
        union all
        select quote_literal(text) || ':*' from form
        where place = 1 and begins and (numnode(stem) > 0 or is_last)
    ) any_of where q <> ''
$$;

CREATE FUNCTION public.journal_words(f public.journal_filter) RETURNS tsquery
    LANGUAGE sql STABLE
    AS $$
    with whole as (
        select string_agg(journal_word(w, false), ' & ') as words from unnest(f.words) w
    ), last as (
        -- A word such as `на` may be the beginning of another, but not when others were found to look for.
        select journal_word(f.prefix, true) as words from whole
        where whole.words is null or numnode(plainto_tsquery('russian', split_part(f.prefix, '|', 1))) > 0
    )
    select nullif(concat_ws(' & ', whole.words, last.words, quote_literal('@' || f.company)),
                  coalesce(quote_literal('@' || f.company), ''))::tsquery
    from whole left join last on true
$$;

CREATE FUNCTION public.keep_house_history() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if tg_op = 'UPDATE' and old.company_id is not distinct from new.company_id then
        return new;
    end if;
    update house_companies set until = clock_timestamp() where house_id = new.id and until is null;
    if new.company_id is not null then
        insert into house_companies (house_id, company_id, since) values (new.id, new.company_id, clock_timestamp());
    end if;
    return new;
end $$;

CREATE FUNCTION public.keep_outage_kinds() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    insert into outage_kinds (code, name_ru, name_en, said_ru, said_en, category, place)
    select k ->> 'code', k ->> 'name_ru', k ->> 'name_en', k ->> 'said_ru', k ->> 'said_en', k ->> 'category', place
    from jsonb_array_elements(new.body -> 'kind') with ordinality as given (k, place)
    on conflict (code) do update set
        name_ru = excluded.name_ru, name_en = excluded.name_en, said_ru = excluded.said_ru, said_en = excluded.said_en,
        category = excluded.category, place = excluded.place;
    return null;
end $$;

CREATE FUNCTION public.keep_ticket_times() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
    ticket bigint := case when tg_op = 'DELETE' then old.ticket_id else new.ticket_id end;
begin
    -- Locked before it is looked at: of two that change deadlines of one ticket at a time the second sees what the first did.
    perform from tickets where id = ticket for update;
    update tickets t set late_from = d.late_from, localised_at = d.localised_at
    from (
        select min(due_at) filter (where met_at is null and held_at is null or met_at > due_at) as late_from,
               min(met_at) filter (where step = 'localise') as localised_at
        from ticket_deadlines where ticket_id = ticket
    ) d
    where t.id = ticket
      and (t.late_from, t.localised_at) is distinct from (d.late_from, d.localised_at);
    return null;
end $$;

CREATE FUNCTION public.keep_ticket_words() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    new.search := ticket_words(new);
    return new;
end $$;

CREATE FUNCTION public.keep_wrap_up() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
    operator integer := substring(old.audience from 'operator:([0-9]+)');
    began timestamptz := old.body ->> 'since';
begin
    insert into wrap_ups (operator_id, call_id, began_at, ended_at)
    select operator, t.call_id, began, greatest(began, (new.body ->> 'since')::timestamptz)
    from talks t where t.operator_id = operator and t.began_at <= began
    order by t.began_at desc limit 1
    on conflict do nothing;
    return null;
end $$;

CREATE FUNCTION public.last_entry(r public.recordings) RETURNS public.ledger_entries
    LANGUAGE sql STABLE
    SET search_path TO '$user', 'public'
    AS $$
    select * from ledger_entries
    where recording_id = r.id and kind like 'recording %' and kind <> 'recording listened to'
    order by at desc, seq desc limit 1
$$;

CREATE FUNCTION public.listening_conditions(f public.listening_filter) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select concat_ws(' and ',
        'true',
        'r.company_id = ' || quote_literal(f.company),
        'coalesce(k.operator_id, c.operator_id) = ' || quote_literal(f.operator),
        't.house_id = any(' || quote_literal(f.houses) || '::integer[])',
        'coalesce(r.expected_at, r.recorded_at) >= ' || quote_literal(f.since),
        'coalesce(r.expected_at, r.recorded_at) < ' || quote_literal(f.until),
        'r.duration_s >= ' || quote_literal(f.shortest),
        'r.duration_s <= ' || quote_literal(f.longest),
        'r.state = any(' || quote_literal(f.states) || '::text[])',
        case when f.marked then 'exists (select from recording_marks m where m.recording_id = r.id and m.removed_at is null)' end,
        case f.reviewed
            when true then 'exists (select from reviews v where v.recording_id = r.id and v.replaced_at is null)'
            when false then 'not exists (select from reviews v where v.recording_id = r.id and v.replaced_at is null)' end)
$$;

CREATE FUNCTION public.listening_page(asked jsonb, wanted integer, before_at timestamp with time zone, before_id bigint) RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE ROWS 50
    AS $$
declare
    f listening_filter := jsonb_populate_record(null::listening_filter, asked);
begin
    return query execute format(
        'select r.id from recordings r left join calls c on c.id = r.call_id left join talks k on k.recording = r.name '
        'left join tickets t on t.id = r.ticket_id where coalesce(r.expected_at, r.recorded_at) is not null and %s '
        'order by coalesce(r.expected_at, r.recorded_at) desc, r.id desc limit %s',
        concat_ws(' and ', listening_conditions(f), listening_search(f),
            '(coalesce(r.expected_at, r.recorded_at), r.id) < (' || quote_literal(before_at) || '::timestamptz, ' || before_id || ')'), wanted);
end $$;

CREATE FUNCTION public.listening_search(f public.listening_filter) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    with asked as (
        select quote_literal(journal_words(jsonb_populate_record(
            null::journal_filter, jsonb_build_object('words', f.words, 'prefix', f.prefix)))) || '::tsquery' as words
    )
    select nullif(concat_ws(' and ',
        'r.id in (select x.id from recordings x join tickets t on t.id = x.ticket_id where t.search @@ ' || words
            || ' union select recording_id from recording_marks where removed_at is null and to_tsvector(''russian'', comment) @@ '
            || words
            || ' union select recording_id from reviews where replaced_at is null and to_tsvector(''russian'', comment) @@ '
            || words || ')',
        'r.id in (' || nullif(concat_ws(' union ',
            'select x.id from recordings x join tickets t on t.id = x.ticket_id where t.number = ' || quote_literal(f.number),
            'select x.id from recordings x join calls c on c.id = x.call_id where reverse(c.caller) like '
                || quote_literal(f.tail || '%')), '') || ')'), '')
    from asked
$$;

CREATE FUNCTION public.manager_visits(companies integer[], steps integer[], starts timestamp with time zone[], untils timestamp with time zone[]) RETURNS TABLE(step integer, operator_id integer, logins bigint, views bigint, last_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO '$user', 'public'
    AS $$
    select s.step, o.id, l.logins, l.views, l.last_at
    from unnest(companies, steps, starts, untils) s (company_id, step, start, until)
    join operators o on o.company_id = s.company_id and o.role = 'manager'
    cross join lateral (
        select count(*) filter (where a.action = 'logged in') as logins,
               count(*) filter (where a.action like 'viewed %' or a.action like 'listened %') as views,
               max(a.at) filter (
                   where a.action = 'logged in' or a.action like 'viewed %' or a.action like 'listened %') as last_at
        from audit_log a
        where a.operator_id = o.id and a.at >= s.start and a.at < s.until
    ) l
    where (my_company() is null or o.company_id = my_company())
$$;

CREATE FUNCTION public.merge_houses(kept_id integer, gone_id integer) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    flat record;
    gone houses;
begin
    for flat in
        select g.id, (select k.id from premises k
            where k.house_id = kept_id and (k.flat = g.flat or k.flat_key = g.flat_key)
            order by k.flat = g.flat desc, k.id limit 1) as same
        from premises g where g.house_id = gone_id order by g.id
    loop
        if flat.same is null then
            update premises set house_id = kept_id where id = flat.id;
        else
            perform merge_premises(flat.same, flat.id);
        end if;
    end loop;
    update tickets set house_id = kept_id where house_id = gone_id;
    update call_cards set house_id = kept_id where house_id = gone_id;
    -- Places of outages that are over, in both.
    update outage_places k set
        entrances = case when k.entrances = '{}' or g.entrances = '{}' then '{}' else
            (select array_agg(distinct e order by e) from unnest(k.entrances || g.entrances) e) end,
        flats = case when k.flats = '' or g.flats = '' then '' else k.flats || ', ' || g.flats end,
        riser = case when k.riser = g.riser then k.riser else '' end
    from outage_places g where k.house_id = kept_id and g.house_id = gone_id and k.outage_id = g.outage_id;
    delete from outage_places g using outage_places k
        where k.house_id = kept_id and g.house_id = gone_id and k.outage_id = g.outage_id;
    update outage_places set house_id = kept_id where house_id = gone_id;
    insert into house_companies (house_id, company_id, since, until)
        select kept_id, company_id, since, coalesce(until, clock_timestamp()) from house_companies where house_id = gone_id
        on conflict do nothing;
    delete from houses where id = gone_id returning * into gone;
    update houses k set key = coalesce(k.key, gone.key), entrances = coalesce(k.entrances, gone.entrances),
        company_id = coalesce(k.company_id, gone.company_id)
    where k.id = kept_id;
end $$;

CREATE FUNCTION public.merge_premises(kept_id integer, gone_id integer) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    person record;
begin
    for person in
        select g.id, (select k.id from residents k
            where k.premises_id = kept_id and lower(k.name) = lower(g.name)
                and (k.account is null or g.account is null or k.account = g.account)
            order by k.id limit 1) as same
        from residents g where g.premises_id = gone_id order by g.id
    loop
        if person.same is null then
            update residents set premises_id = kept_id where id = person.id;
        else
            perform merge_residents(person.same, person.id);
        end if;
    end loop;
    update tickets set premises_id = kept_id where premises_id = gone_id;
    update call_cards set premises_id = kept_id where premises_id = gone_id;
    insert into phone_candidates (phone, premises_id, heard_at, call_id, confirmed, decided_by, decided_at)
        select phone, kept_id, heard_at, call_id, confirmed, decided_by, decided_at
        from phone_candidates where premises_id = gone_id on conflict do nothing;
    delete from phone_candidates where premises_id = gone_id;
    -- Both had a number of one outage: the number that led to a ticket stays.
    delete from outage_numbers k using outage_numbers g
        where k.premises_id = kept_id and g.premises_id = gone_id and k.outage_id = g.outage_id
            and k.ticket_id is null and g.ticket_id is not null;
    delete from outage_numbers g using outage_numbers k
        where k.premises_id = kept_id and g.premises_id = gone_id and k.outage_id = g.outage_id;
    update outage_numbers set premises_id = kept_id where premises_id = gone_id;
    update premises k set entrance = coalesce(k.entrance, g.entrance) from premises g where k.id = kept_id and g.id = gone_id;
    delete from premises where id = gone_id;
end $$;

CREATE FUNCTION public.merge_queues(shown jsonb, delta jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $$
    select jsonb_build_object('queues', coalesce(jsonb_object_agg(key, value), '{}'))
    from jsonb_each((shown -> 'queues') || (delta -> 'queues')) where value <> 'null'
$$;

CREATE FUNCTION public.merge_residents(kept_id integer, gone_id integer) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    gone residents;
begin
    update tickets set resident_id = kept_id where resident_id = gone_id;
    update calls set resident_id = kept_id where resident_id = gone_id;
    update call_cards set resident_id = kept_id where resident_id = gone_id;
    insert into resident_phones (phone, resident_id, chosen_at)
        select phone, kept_id, chosen_at from resident_phones where resident_id = gone_id
        on conflict (phone, resident_id) do update set chosen_at = greatest(resident_phones.chosen_at, excluded.chosen_at);
    delete from resident_phones where resident_id = gone_id;
    delete from residents where id = gone_id returning * into gone;
    -- A second account is kept in the note.
    update residents r set
        account = coalesce(r.account, gone.account),
        note = left(concat_ws(E'\n', nullif(r.note, ''), case when gone.note <> r.note then nullif(gone.note, '') end,
            case when r.account <> gone.account then '№ ' || gone.account end), 1000)
    where r.id = kept_id;
end $$;

CREATE FUNCTION public.my_company() RETURNS integer
    LANGUAGE sql STABLE
    AS $$
    select nullif(current_setting('callcenter.company', true), '')::integer
$$;

CREATE FUNCTION public.new_company() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform add_default_categories(new.id);
    -- Decree 416: the number and the times are told at the latest half an hour after the registration.
    insert into default_limits (company_id, step, minutes, warn_before) values (new.id, 'tell', 30, 10) on conflict do nothing;
    return new;
end $$;

CREATE FUNCTION public.on_copy() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO '$user', 'public'
    AS $$
begin
    perform chain_copy(new);
    return null;
end $$;

CREATE FUNCTION public.on_recording() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO '$user', 'public'
    AS $$
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

CREATE FUNCTION public.one_of(name text, given anyarray) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    select case cardinality(given) when 1 then format('%s = %L', name, given[1])
                                   else format('%s = any(%L::%s)', name, given, pg_typeof(given)) end
    where given is not null
$$;

CREATE TABLE public.announcements (
    call_id text NOT NULL,
    began_at timestamp with time zone NOT NULL,
    outage_id integer NOT NULL,
    number integer NOT NULL,
    caller text NOT NULL,
    ended_at timestamp with time zone,
    whole boolean DEFAULT false NOT NULL,
    declined boolean DEFAULT false NOT NULL,
    ticket_id bigint
);

COMMENT ON COLUMN public.announcements.whole IS 'Heard to the end, the ticket''s number included.';

COMMENT ON COLUMN public.announcements.declined IS 'The caller said that theirs is something else.';

CREATE TABLE public.outage_numbers (
    outage_id integer NOT NULL,
    number integer NOT NULL,
    premises_id integer,
    caller text,
    ticket_id bigint,
    instead_of integer,
    CONSTRAINT outage_numbers_check CHECK (((premises_id IS NOT NULL) OR (caller IS NOT NULL)))
);

COMMENT ON COLUMN public.outage_numbers.instead_of IS 'What was reserved for the flat, before a ticket that was opened without a flat was found to be the flat''s.';

CREATE FUNCTION public.open_outage_ticket(told public.announcements, reserved public.outage_numbers) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
declare
    outage outages;
    kind outage_kinds;
    flat premises;
    company companies;
    category integer;
    ticket bigint;
begin
    select * into strict outage from outages where id = told.outage_id;
    -- An outage that was only suspected may have none.
    select * into kind from outage_kinds where code = outage.kind;
    select * into strict company from companies where id = outage.company_id;
    select * into flat from premises where id = reserved.premises_id;
    select c.id into category from categories c
    where c.company_id = outage.company_id and c.code = case when outage.planned then 'repair' else kind.category end;
    insert into tickets (company_id, number, call_id, caller, opened_at, house_id, premises_id, resident_id, category_id,
                         subject, parent_id)
    values (outage.company_id, reserved.number,
            (select told.call_id where not exists (select from tickets where call_id = told.call_id)),
            told.caller, told.began_at, flat.house_id, flat.id,
            (select min(r.id) from residents r join resident_phones p on p.resident_id = r.id
             where r.premises_id = flat.id and p.phone = told.caller),
            category, coalesce(case company.language when 'ru' then kind.name_ru else kind.name_en end, ''),
            outage.incident_id)
    returning id into ticket;
    insert into ticket_events (ticket_id, at, kind) values (ticket, told.began_at, 'opened');
    -- Of the law's limits only one is the flat's own: that the resident is told. The rest are the incident's.
    insert into ticket_deadlines (ticket_id, step, due_at, warn_at)
    select ticket, l.step, told.began_at + make_interval(mins => l.minutes),
           told.began_at + make_interval(mins => l.minutes - l.warn_before)
    from limits l where l.category_id = category and l.step = 'tell';
    -- The words by which it is found: of a ticket with a call they are made when that ends, which it may have already.
    update tickets set number = number where id = ticket;
    -- The outage was over before this caller had heard it to the end, or before the call was known here.
    with over as (
        update tickets t set state = i.state, closed_at = now(), done_at = case when i.state = 'closed' then now() end,
            result = i.result, cancel_reason = i.cancel_reason, version = t.version + 1, updated_at = now()
        from tickets i where t.id = ticket and i.id = outage.incident_id and not is_open(i.state)
        returning t.id, t.state, t.version, t.result, t.cancel_reason
    )
    insert into ticket_events (ticket_id, kind, from_state, to_state, comment, version)
    select id, 'moved', 'new', state, case when state = 'closed' then result else cancel_reason end, version from over;
    return ticket;
end $$;

CREATE FUNCTION public.open_outage_tickets(wanted jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $_$
declare
    told announcements;
    reserved outage_numbers;
begin
    for told in
        select a.* from announcements a
        where a.call_id in (select jsonb_array_elements_text(wanted)) and not a.declined and a.ticket_id is null
        order by a.began_at, a.outage_id, a.number
    loop
        reserved := told_number(told);
        if reserved.ticket_id is null then
            reserved.ticket_id := open_outage_ticket(told, reserved);
            update outage_numbers set ticket_id = reserved.ticket_id
            where outage_id = reserved.outage_id and number = reserved.number;
        elsif not exists (select from announcements a where a.call_id = told.call_id and a.ticket_id = reserved.ticket_id) then
            insert into ticket_events (ticket_id, at, kind, comment)
            values (reserved.ticket_id, told.began_at, 'called', told.caller);
        end if;
        update announcements set ticket_id = reserved.ticket_id
        where call_id = told.call_id and outage_id = told.outage_id and number = told.number and began_at = told.began_at;
        if told.whole then
            update ticket_deadlines set met_at = told.ended_at
            where ticket_id = reserved.ticket_id and step = 'tell' and met_at is null;
        end if;
        insert into phone_candidates (phone, premises_id, heard_at, call_id)
        select told.caller, reserved.premises_id, told.began_at, told.call_id
        where reserved.premises_id is not null and told.caller ~ '^\+[0-9]{3,15}$'
          and not exists (select from resident_phones p join residents r on r.id = p.resident_id
                          where p.phone = told.caller and r.premises_id = reserved.premises_id)
        on conflict do nothing;
    end loop;
end $_$;

CREATE FUNCTION public.open_tickets(wanted jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    asked record;
    company integer;
    next_number integer;
begin
    for asked in
        select w ->> 'call_id' as call_id, w ->> 'direction' as direction, w ->> 'did' as did, w ->> 'caller' as caller,
               (w ->> 'opened_at')::timestamptz as opened_at, w ->> 'interface' as interface,
               (select id from residents where id = (w ->> 'resident_id')::integer) as resident_id,
               (select id from premises where id = (w ->> 'premises_id')::integer) as premises_id,
               (select id from houses where id = (w ->> 'house_id')::integer) as house_id
        from jsonb_array_elements(wanted) with ordinality as given (w, place) order by place
    loop
        update tickets set
            resident_id = coalesce(resident_id, asked.resident_id),
            premises_id = coalesce(premises_id, asked.premises_id),
            house_id = coalesce(house_id, asked.house_id)
        where call_id = asked.call_id and resident_id is null and asked.resident_id is not null;
        continue when found or ticket_of_call(asked.call_id) is not null;
        select company_id into company from numbers where number = asked.did;
        continue when not found;
        continue when asked.direction = 'out' and join_ticket(asked.call_id, company, asked.caller, asked.premises_id, asked.interface);
        update companies set last_ticket_number = last_ticket_number + 1 where id = company
            returning last_ticket_number into next_number;
        insert into tickets (company_id, number, call_id, caller, opened_at, operator_id, resident_id, premises_id, house_id)
        values (company, next_number, asked.call_id, asked.caller, asked.opened_at,
                (select id from operators where 'PJSIP/' || endpoint = asked.interface),
                asked.resident_id, asked.premises_id, asked.house_id);
    end loop;
end $$;

CREATE FUNCTION public.operators_of_calls(company integer, start timestamp with time zone, until timestamp with time zone) RETURNS TABLE(operator_id integer, talks bigint, talk_s double precision, wrap_ups bigint, wrap_up_s double precision)
    LANGUAGE sql STABLE
    AS $$
    select n.operator_id, sum(n.talk)::bigint, coalesce(sum(n.talk_s), 0), sum(n.wrap_up)::bigint, coalesce(sum(n.wrap_up_s), 0)
    from (
        select t.operator_id, 1 as talk, greatest(t.talk_s, 0) as talk_s, 0 as wrap_up, null::double precision as wrap_up_s
        from calls_that_came(company, start, until) c
        join talks t on t.call_id = c.id and t.kind <> 'consultation' and t.operator_id is not null
        union all
        select w.operator_id, 0, null, 1, greatest(extract(epoch from w.ended_at - w.began_at)::double precision, 0)
        from calls c join wrap_ups w on w.call_id = c.id
        where c.company_id = company and c.arrived_at >= start and c.arrived_at < until and c.state = 'ended' and not c.imported
    ) n
    group by n.operator_id
$$;

CREATE FUNCTION public.outage_of_call(call text) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    select jsonb_build_object(
        'id', o.id, 'kind', o.kind, 'until', to_char(o.until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
        'calls', case when o.state = 'suspected' then coalesce((o.evidence ->> 'calls')::integer, 0)
                 else (select count(distinct a.call_id) from announcements a where a.outage_id = o.id) end,
        'ticket', coalesce(
            (select jsonb_build_object('id', t.id, 'number', t.number) from outage_numbers n join tickets t on t.id = n.ticket_id
             where n.outage_id = o.id and n.premises_id = asked.premises_id),
            case when own.parent_id = o.incident_id then jsonb_build_object('id', own.id, 'number', own.number) end))
    from (
        select c.company_id, r.premises_id, p.house_id from calls c
        left join residents r on r.id = c.resident_id left join premises p on p.id = r.premises_id
        where c.id = call
    ) asked
    join outages o on o.company_id = asked.company_id and is_open(o.state) and o.since <= now()
    left join tickets own on own.id = ticket_of_call(call)
    where own.parent_id = o.incident_id
       or exists (select from announcements a where a.call_id = call and a.outage_id = o.id and not a.declined)
       or exists (select from outage_numbers n where n.outage_id = o.id and n.premises_id = asked.premises_id)
       or (o.state = 'suspected'
           and exists (select from outage_places s where s.outage_id = o.id and s.house_id = asked.house_id))
    order by (own.parent_id = o.incident_id) is true desc, o.state = 'suspected', o.since desc, o.id desc limit 1
$$;

CREATE FUNCTION public.outcomes_of_calls(company integer, start timestamp with time zone, until timestamp with time zone) RETURNS TABLE(outcome text, calls bigint, in_time bigint, waited bigint, wait_s double precision, longest_s double precision, talk_s double precision)
    LANGUAGE sql STABLE
    AS $$
    select c.outcome, count(*),
           count(*) filter (where c.outcome = 'answered' and c.answered_at - c.arrived_at <= interval '5 minutes'),
           count(c.wait_s), coalesce(sum(c.wait_s), 0), coalesce(max(c.wait_s), 0), coalesce(sum(c.talk_s), 0)
    from calls_that_came(company, start, until) c
    group by c.outcome
$$;

CREATE FUNCTION public.push(messages jsonb) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
declare
    delta push_log;
    whole text;
    newest bigint;
begin
    perform pg_advisory_xact_lock(hashtext('push'));
    for delta in
        insert into push_log (audience, kind, body)
        select message ->> 'audience', message ->> 'kind', message -> 'body'
        from jsonb_array_elements(messages) with ordinality as given (message, place) order by place
        returning *
    loop
        if delta.kind = 'queues' then
            insert into screens (audience, kind, seq, body)
            values (delta.audience, delta.kind, delta.seq, merge_queues('{"queues": {}}', delta.body))
            on conflict (audience, kind) do update set seq = excluded.seq, body = merge_queues(screens.body, delta.body);
        else
            insert into screens (audience, kind, seq, body) values (delta.audience, delta.kind, delta.seq, delta.body)
            on conflict (audience, kind) do update set seq = excluded.seq, body = excluded.body;
        end if;
        whole := json_build_object('seq', delta.seq, 'audience', delta.audience, 'kind', delta.kind, 'body', delta.body);
        if octet_length(whole) > 7900 then
            whole := json_build_object('seq', delta.seq, 'audience', delta.audience, 'kind', delta.kind);
        end if;
        perform pg_notify('push', whole);
        newest := delta.seq;
    end loop;
    return newest;
end $$;

CREATE FUNCTION public.recordings_of_ticket(ticket bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE
    AS $$
    select id from recordings where ticket_id = ticket
    union select r.id from further_tickets f join recordings r on r.call_id = f.call_id where f.ticket_id = ticket
    union select r.id from recordings r
    where r.ticket_id is null and r.call_id in (select calls_of_ticket(ticket)) and ticket_of_call(r.call_id) = ticket
$$;

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if tg_op = 'UPDATE' and old.entry is not null and new.entry is null
        and (new.company_id, new.seq, new.at, new.kind, new.ticket_id, new.recording_id, new.hash, new.content)
            is not distinct from (old.company_id, old.seq, old.at, old.kind, old.ticket_id, old.recording_id, old.hash,
                sha256(convert_to(old.entry, 'UTF8'))) then
        return new;
    end if;
    raise exception 'the custody chain is only added to' using errcode = 'insufficient_privilege';
end $$;

CREATE FUNCTION public.resident_kept(resident integer) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select min(kept) from (
        select ticket_kept(id) as kept from tickets where resident_id = resident
    ) of_ticket where kept in ('hold', 'open')
$$;

CREATE FUNCTION public.settled_caller(call text) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    select coalesce((
        select jsonb_build_object(
            'resident', coalesce(r.name, ''), 'house_id', h.id,
            'address', h.city || ', ' || h.street || ', ' || h.building, 'flat', coalesce(p.flat, ''))
        from call_cards k
        join houses h on h.id = k.house_id
        left join premises p on p.id = k.premises_id
        left join residents r on r.id = k.resident_id
        where k.call_id = call), '{}')
$$;

CREATE FUNCTION public.tallies_within(company integer, period daterange) RETURNS TABLE(first date, last date)
    LANGUAGE sql STABLE
    AS $$
    select t.first, t.last from call_tallies t
    where t.company_id = company and t.first >= lower(period) and t.last < upper(period)
        and (t.last > t.first or not exists (
            select from call_tallies m
            where m.company_id = company and m.last > m.first and m.first >= lower(period) and m.last < upper(period)
                and m.first = date_trunc('month', t.first)::date))
$$;

CREATE FUNCTION public.tally_month(company integer, month date) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    here text;
    ends date := month + interval '1 month';
begin
    perform pg_advisory_xact_lock(hashtext('call tallies'));
    select zone into strict here from companies where id = company;
    with closed as (
        insert into call_tallies (company_id, first, last)
        select company, d, d
        from generate_series(month, least(ends, ((now() - interval '1 day') at time zone here)::date) - 1, interval '1 day') s (day)
        cross join lateral (select s.day::date) n (d)
        on conflict do nothing returning first
    ), days as (
        select first, first::timestamp at time zone here as start, (first + 1)::timestamp at time zone here as until from closed
    ), outcomes as (
        insert into tally_outcomes
        select company, d.first, d.first, n.* from days d cross join lateral outcomes_of_calls(company, d.start, d.until) n
    ), hours as (
        insert into tally_hours
        select company, d.first, d.first, n.* from days d cross join lateral hours_of_calls(company, here, d.start, d.until) n
    )
    insert into tally_operators
    select company, d.first, d.first, n.* from days d cross join lateral operators_of_calls(company, d.start, d.until) n;

    insert into call_tallies (company_id, first, last)
    select company, month, ends - 1
    where (select count(*) from call_tallies where company_id = company and first = last and first >= month and first < ends)
        = ends - month
    on conflict do nothing;
    if found then
        insert into tally_outcomes
        select company, month, ends - 1, n.outcome, sum(n.calls), sum(n.in_time), sum(n.waited), sum(n.wait_s), max(n.longest_s),
               sum(n.talk_s)
        from tally_outcomes n where n.company_id = company and n.first = n.last and n.first >= month and n.first < ends
        group by n.outcome;
        insert into tally_hours
        select company, month, ends - 1, n.hour, sum(n.calls), sum(n.answered), sum(n.informed), sum(n.early), sum(n.in_time),
               sum(n.waited), sum(n.wait_s), max(n.longest_s), sum(n.talk_s)
        from tally_hours n where n.company_id = company and n.first = n.last and n.first >= month and n.first < ends
        group by n.hour;
        insert into tally_operators
        select company, month, ends - 1, n.operator_id, sum(n.talks), sum(n.talk_s), sum(n.wrap_ups), sum(n.wrap_up_s)
        from tally_operators n where n.company_id = company and n.first = n.last and n.first >= month and n.first < ends
        group by n.operator_id;
    end if;
end $$;

CREATE FUNCTION public.tell_nodes() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('asterisk', '');
    return null;
end $$;

CREATE FUNCTION public.tell_opened() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('tickets', json_build_object('ticket', new.id, 'company', new.company_id)::text);
    return null;
end $$;

CREATE FUNCTION public.term_until(months integer, now timestamp with time zone, zone text) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    AS $$
    select (date_trunc('day', now at time zone zone) - make_interval(months => months)) at time zone zone
$$;

CREATE FUNCTION public.ticket_kept(ticket bigint) RETURNS text
    LANGUAGE sql STABLE
    AS $$
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

CREATE FUNCTION public.ticket_of_call(call text) RETURNS bigint
    LANGUAGE sql STABLE
    AS $$
    select coalesce(
        (select ticket_id from joined_calls where call_id = call),
        (select id from tickets where call_id = call),
        (select ticket_id from announcements where call_id = call and ticket_id is not null order by began_at limit 1))
$$;

CREATE TABLE public.tickets (
    id bigint NOT NULL,
    company_id integer NOT NULL,
    number integer NOT NULL,
    call_id text,
    caller text NOT NULL,
    house_id integer,
    premises_id integer,
    resident_id integer,
    operator_id integer,
    subject text DEFAULT ''::text NOT NULL,
    state text DEFAULT 'new'::text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    category_id integer,
    description text DEFAULT ''::text NOT NULL,
    contact_name text DEFAULT ''::text NOT NULL,
    contact_phone text DEFAULT ''::text NOT NULL,
    common_property boolean DEFAULT false NOT NULL,
    access_at timestamp with time zone,
    access_reason text DEFAULT ''::text NOT NULL,
    access_people text DEFAULT ''::text NOT NULL,
    price numeric(12,2),
    payment text DEFAULT 'none'::text NOT NULL,
    crew_id integer,
    responsible_id integer,
    planned_from timestamp with time zone,
    planned_until timestamp with time zone,
    accepted_at timestamp with time zone,
    started_at timestamp with time zone,
    done_at timestamp with time zone,
    closed_at timestamp with time zone,
    result text DEFAULT ''::text NOT NULL,
    cancel_reason text DEFAULT ''::text NOT NULL,
    parent_id bigint,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    search tsvector,
    late_from timestamp with time zone,
    localised_at timestamp with time zone,
    source text DEFAULT 'call'::text NOT NULL,
    merged_into bigint,
    waiting_since timestamp with time zone,
    waited interval DEFAULT '00:00:00'::interval NOT NULL,
    limits_from timestamp with time zone,
    crew_said text,
    crew_said_at timestamp with time zone,
    forgotten_at timestamp with time zone,
    CONSTRAINT tickets_check CHECK ((planned_until >= planned_from)),
    CONSTRAINT tickets_check1 CHECK (((state <> 'cancelled'::text) OR (cancel_reason <> ''::text))),
    CONSTRAINT tickets_check2 CHECK ((parent_id <> id)),
    CONSTRAINT tickets_check3 CHECK ((merged_into <> id)),
    CONSTRAINT tickets_crew_said_check CHECK ((crew_said = ANY (ARRAY['done'::text, 'refused'::text, 'absent'::text, 'comment'::text]))),
    CONSTRAINT tickets_payment_check CHECK ((payment = ANY (ARRAY['none'::text, 'due'::text, 'paid'::text, 'refunded'::text]))),
    CONSTRAINT tickets_price_check CHECK ((price >= (0)::numeric)),
    CONSTRAINT tickets_source_check CHECK ((source = ANY (ARRAY['call'::text, 'visit'::text, 'letter'::text, 'message'::text, 'program'::text, 'other'::text]))),
    CONSTRAINT tickets_state_check CHECK ((state = ANY (ARRAY['new'::text, 'assigned'::text, 'accepted'::text, 'in_progress'::text, 'done'::text, 'closed'::text, 'cancelled'::text, 'reopened'::text])))
);

COMMENT ON COLUMN public.tickets.waiting_since IS 'Since when it waits for the resident; null when it does not.';

COMMENT ON COLUMN public.tickets.waited IS 'For how long it waited before, by which its limits end later.';

COMMENT ON COLUMN public.tickets.limits_from IS 'From when the limits count, when that is earlier than its opening.';

CREATE FUNCTION public.ticket_words(t public.tickets) RETURNS tsvector
    LANGUAGE sql STABLE
    AS $$
    select array_to_tsvector(array['@' || t.company_id])
        || setweight(to_tsvector('simple', t.number::text), 'A')
        || setweight(to_tsvector('russian', concat_ws(' ',
            (select concat_ws(' ', h.city, h.street, h.building) from houses h where h.id = t.house_id),
            (select p.flat from premises p where p.id = t.premises_id),
            (select r.name from residents r where r.id = t.resident_id),
            t.contact_name, t.subject)), 'B')
        || setweight(to_tsvector('simple', concat_ws(' ',
            (select r.name from residents r where r.id = t.resident_id), t.contact_name)), 'B')
        || to_tsvector('russian', t.description)
        || to_tsvector('simple', concat_ws(' ', t.caller, t.contact_phone))
$$;

CREATE FUNCTION public.tickets_about(call text) RETURNS SETOF bigint
    LANGUAGE sql STABLE
    AS $$
    select id from tickets where call_id = call
    union select ticket_id from joined_calls where call_id = call
    union select ticket_id from further_tickets where call_id = call
    union select ticket_id from recordings where call_id = call and ticket_id is not null
    union select ticket_id from announcements where call_id = call and ticket_id is not null
$$;

CREATE FUNCTION public.tickets_of_resident(resident integer) RETURNS SETOF bigint
    LANGUAGE sql STABLE
    AS $$
    select id from tickets where resident_id = resident
    union
    select t.id from resident_phones p
    join residents r on r.id = p.resident_id join premises f on f.id = r.premises_id join houses h on h.id = f.house_id
    join tickets t on (reverse(t.caller) = reverse(p.phone) or reverse(t.contact_phone) = reverse(p.phone))
        and t.resident_id is null and t.company_id = h.company_id
    where p.resident_id = resident and not exists (
        select from resident_phones o where o.phone = p.phone and o.resident_id <> resident)
$$;

CREATE FUNCTION public.told_number(told public.announcements) RETURNS public.outage_numbers
    LANGUAGE plpgsql
    AS $$
declare
    who text := coalesce(nullif(told.caller, ''), told.call_id);
    found_row outage_numbers;
    new_number integer;
begin
    -- Again when it went while this waited for whoever gave the flat the other number.
    for attempt in 1 .. 2 loop
        select * into found_row from outage_numbers n
        where n.outage_id = told.outage_id and (n.number = told.number or n.instead_of = told.number) for update;
        exit when found;
    end loop;
    if found_row.premises_id is not null or found_row.caller = who then
        return found_row;
    end if;
    new_number := told.number;
    if found_row.number is not null then
        update companies c set last_ticket_number = c.last_ticket_number + 1
        from outages o where o.id = told.outage_id and c.id = o.company_id
        returning c.last_ticket_number into new_number;
    end if;
    insert into outage_numbers (outage_id, number, caller) values (told.outage_id, new_number, who)
    on conflict (outage_id, caller) where caller is not null do nothing;
    select * into found_row from outage_numbers n where n.outage_id = told.outage_id and n.caller = who for update;
    return found_row;
end $$;

CREATE FUNCTION public.untallied_within(company integer, period daterange, tallied datemultirange) RETURNS TABLE(zone text, start timestamp with time zone, until timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$
    select c.zone, lower(r)::timestamp at time zone c.zone, upper(r)::timestamp at time zone c.zone
    from companies c cross join lateral unnest(datemultirange(period) - tallied) r
    where c.id = company
$$;

CREATE FUNCTION public.untally(company integer, at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_advisory_xact_lock(hashtext('call tallies'));
    delete from call_tallies t using companies c
    where c.id = company and t.company_id = company and (at at time zone c.zone)::date between t.first and t.last;
end $$;

CREATE FUNCTION public.untally_call() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform untally(new.company_id, new.arrived_at);
    if tg_op = 'UPDATE' then
        perform untally(old.company_id, old.arrived_at);
    end if;
    return null;
end $$;

CREATE FUNCTION public.untally_company() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_advisory_xact_lock(hashtext('call tallies'));
    delete from call_tallies where company_id = new.id;
    return null;
end $$;

CREATE FUNCTION public.untally_talk() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform untally(company_id, arrived_at) from calls where id = new.call_id and not imported;
    return null;
end $$;

CREATE FUNCTION public.words_of_ended_call() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    update tickets set number = number where call_id = new.id and search is null;
    perform default_deadlines(id) from tickets where call_id = new.id and category_id is null and is_open(state);
    return null;
end $$;

CREATE FUNCTION public.write_announcements(wanted jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    insert into announcements (call_id, began_at, outage_id, number, caller, ended_at, whole, declined)
    select a.call_id, a.began_at, a.outage_id, a.number, a.caller, a.ended_at, a.whole, a.declined
    from jsonb_populate_recordset(null::announcements, wanted) a
    where exists (select from outages o where o.id = a.outage_id)
    on conflict (call_id, outage_id, number, began_at) do update set
        ended_at = excluded.ended_at, whole = excluded.whole, declined = excluded.declined;
end $$;

CREATE FUNCTION public.write_batch(node_name text, batch jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    if batch ? 'calls' then
        perform write_calls(node_name, batch -> 'calls');
    end if;

    if batch ? 'events' then
        insert into call_events (call_id, kind, source, at, seen_at, data)
        select e.call_id, e.kind, e.source, e.at, e.seen_at, e.data
        from jsonb_populate_recordset(null::call_events, batch -> 'events') e
        on conflict do nothing;
    end if;

    if batch ? 'announcements' then
        perform write_announcements(batch -> 'announcements');
    end if;

    if batch ? 'informed' then
        perform open_outage_tickets(batch -> 'informed');
    end if;

    if batch ? 'tickets' then
        perform open_tickets(batch -> 'tickets');
    end if;

    if batch ? 'talks' then
        perform write_talks(node_name, batch -> 'talks');
    end if;

    if batch ? 'presence' then
        insert into presence (operator_id, wanted, since, reason, pause)
        select p.operator_id, p.wanted, p.since, p.reason, p.pause from jsonb_populate_recordset(null::presence, batch -> 'presence') p
        on conflict (operator_id) do update set
            wanted = excluded.wanted, since = excluded.since, reason = excluded.reason, pause = excluded.pause;
    end if;

    if batch ? 'gaps' then
        insert into node_gaps (node, began_at, ended_at, lost)
        select node_name, g.began_at, g.ended_at, g.lost from jsonb_populate_recordset(null::node_gaps, batch -> 'gaps') g;
    end if;

    if batch ? 'checkpoint' then
        update nodes set
            ledger_inode = (batch -> 'checkpoint' ->> 'inode')::bigint,
            ledger_offset = (batch -> 'checkpoint' ->> 'offset')::bigint,
            ledger_line = batch -> 'checkpoint' ->> 'line',
            ledger_line_at = (batch -> 'checkpoint' ->> 'line_at')::timestamptz
        where name = node_name;
    end if;

    if batch ? 'screens' then
        perform push((
            select jsonb_agg(fill_in(message) order by place)
            from jsonb_array_elements(batch -> 'screens') with ordinality as given (message, place)
        ));
    end if;
end $$;

CREATE FUNCTION public.write_calls(node_name text, wanted jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    insert into calls (
        id, direction, node, company_id, resident_id, did, caller, queue, state, outcome, fate, interface, operator_id, recording,
        ended_by, arrived_at, queued_at, answered_at, talk_ended_at, left_at, ended_at, wait_s, rewait_s, returns,
        talk_s, rings, hangup_cause, rebuilt, keys,
        told_at
    )
    select
        c.id, c.direction, node_name, (select company_id from numbers where number = c.did),
        (select id from residents where id = c.resident_id), c.did, c.caller, c.queue,
        c.state, c.outcome, c.fate, c.interface, (select o.id from operators o where 'PJSIP/' || o.endpoint = c.interface),
        c.recording, c.ended_by, c.arrived_at, c.queued_at, c.answered_at, c.talk_ended_at, c.left_at, c.ended_at,
        c.wait_s, c.rewait_s, c.returns, c.talk_s, c.rings, c.hangup_cause, c.rebuilt, c.keys, c.told_at
    from jsonb_populate_recordset(null::calls, wanted) c
    on conflict (id) do update set
        direction = excluded.direction, company_id = coalesce(excluded.company_id, calls.company_id), resident_id = coalesce(
            (select k.resident_id from call_cards k where k.call_id = excluded.id), excluded.resident_id, calls.resident_id),
        did = coalesce(nullif(excluded.did, ''), calls.did), caller = coalesce(nullif(excluded.caller, ''), calls.caller),
        queue = coalesce(excluded.queue, calls.queue), state = excluded.state,
        outcome = excluded.outcome, fate = excluded.fate, interface = excluded.interface,
        operator_id = excluded.operator_id, recording = excluded.recording, ended_by = excluded.ended_by,
        arrived_at = least(excluded.arrived_at, calls.arrived_at),
        queued_at = coalesce(excluded.queued_at, calls.queued_at), answered_at = excluded.answered_at,
        talk_ended_at = excluded.talk_ended_at, left_at = excluded.left_at, ended_at = excluded.ended_at,
        wait_s = excluded.wait_s, rewait_s = excluded.rewait_s, returns = excluded.returns, talk_s = excluded.talk_s,
        rings = excluded.rings, hangup_cause = excluded.hangup_cause, rebuilt = excluded.rebuilt, keys = excluded.keys,
        told_at = excluded.told_at
    -- A ledger that is read once more brings back no number that was removed.
    where calls.forgotten_at is null;
end $$;

CREATE FUNCTION public.write_talks(node_name text, wanted jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    insert into talks (recording, call_id, kind, interface, operator_id, began_at, ended_at, ended_by, channel)
    select t.recording, t.call_id, t.kind, t.interface,
           (select o.id from operators o where 'PJSIP/' || o.endpoint = t.interface), t.began_at, t.ended_at, t.ended_by,
           t.channel
    from jsonb_populate_recordset(null::talks, wanted) t
    on conflict (recording) do update set
        kind = excluded.kind, ended_at = excluded.ended_at, ended_by = excluded.ended_by, channel = excluded.channel;
    insert into recordings (name, node, call_id, company_id, state, expected_at)
    select t.recording, node_name, t.call_id, (select c.company_id from calls c where c.id = t.call_id), 'expected',
           t.began_at
    from jsonb_populate_recordset(null::talks, wanted) t
    on conflict (name) do update set
        expected_at = excluded.expected_at, call_id = excluded.call_id, company_id = excluded.company_id
        where recordings.expected_at is null;
end $$;

CREATE TABLE public.api_tokens (
    id integer NOT NULL,
    token_hash bytea NOT NULL,
    operator_id integer NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    window_start timestamp with time zone,
    requests integer DEFAULT 0 NOT NULL,
    CONSTRAINT api_tokens_name_check CHECK ((name <> ''::text))
);

ALTER TABLE public.api_tokens ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.api_tokens_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.asterisk_entries (
    node text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    value text NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT asterisk_entries_kind_check CHECK ((kind = ANY (ARRAY['number'::text, 'telephone'::text, 'trunk'::text])))
);

COMMENT ON COLUMN public.asterisk_entries.value IS 'As asterisk_wanted() has it; another one there: not brought into Asterisk yet.';

CREATE TABLE public.audit_log (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    operator_id integer,
    company_id integer,
    action text NOT NULL,
    subject text DEFAULT ''::text NOT NULL,
    subject_id text DEFAULT ''::text NOT NULL,
    address text DEFAULT ''::text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL
);

ALTER TABLE public.audit_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.call_cards (
    call_id text NOT NULL,
    resident_id integer,
    premises_id integer,
    house_id integer,
    no_ticket text,
    operator_id integer,
    settled_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT call_cards_no_ticket_check CHECK ((no_ticket = ANY (ARRAY['wrong_number'::text, 'silence'::text, 'answered'::text, 'advertising'::text, 'other_company'::text])))
);

CREATE TABLE public.call_events (
    id bigint NOT NULL,
    call_id text NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT call_events_source_check CHECK ((source = ANY (ARRAY['live'::text, 'ledger'::text, 'reconcile'::text, 'desk'::text])))
);

ALTER TABLE public.call_events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.call_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.call_tallies (
    company_id integer NOT NULL,
    first date NOT NULL,
    last date NOT NULL,
    CONSTRAINT call_tallies_check CHECK ((last >= first))
);

CREATE TABLE public.categories (
    id integer NOT NULL,
    company_id integer NOT NULL,
    code text NOT NULL,
    class text NOT NULL,
    name_ru text NOT NULL,
    name_en text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    CONSTRAINT categories_class_check CHECK ((class = ANY (ARRAY['emergency'::text, 'planned'::text, 'paid'::text, 'question'::text]))),
    CONSTRAINT categories_code_check CHECK ((code ~ '^[a-z][a-z0-9_]{0,31}$'::text)),
    CONSTRAINT categories_name_en_check CHECK ((name_en <> ''::text)),
    CONSTRAINT categories_name_ru_check CHECK ((name_ru <> ''::text))
);

ALTER TABLE public.categories ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.categories_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.companies (
    id integer NOT NULL,
    name text NOT NULL,
    zone text DEFAULT 'Europe/Moscow'::text NOT NULL,
    language text DEFAULT 'ru'::text NOT NULL,
    last_ticket_number integer DEFAULT 0 NOT NULL,
    retention_days integer DEFAULT 1096 NOT NULL,
    city_code text DEFAULT ''::text NOT NULL,
    outage_page text,
    CONSTRAINT companies_city_code_check CHECK ((city_code ~ '^([1-9][0-9]{1,4})?$'::text)),
    CONSTRAINT companies_language_check CHECK ((language = ANY (ARRAY['ru'::text, 'en'::text]))),
    CONSTRAINT companies_name_check CHECK ((name <> ''::text)),
    CONSTRAINT companies_outage_page_check CHECK (((outage_page ~ '^[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?$'::text) AND (length(outage_page) >= 3))),
    CONSTRAINT companies_retention_days_check CHECK (((retention_days >= 1) AND (retention_days <= 36525)))
);

COMMENT ON COLUMN public.companies.outage_page IS 'The name of the company''s public page of outages, in its address; null: there is no such page.';

ALTER TABLE public.companies ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.companies_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.crew_hours (
    crew_id integer NOT NULL,
    weekday integer NOT NULL,
    opens time without time zone NOT NULL,
    closes time without time zone NOT NULL,
    CONSTRAINT crew_hours_check CHECK ((closes > opens)),
    CONSTRAINT crew_hours_weekday_check CHECK (((weekday >= 1) AND (weekday <= 7)))
);

CREATE TABLE public.crew_links (
    token_hash bytea NOT NULL,
    ticket_id bigint NOT NULL,
    crew_id integer NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    assignment text NOT NULL
);

CREATE TABLE public.crew_lists (
    list text NOT NULL,
    token_hash bytea NOT NULL,
    crew_id integer NOT NULL,
    made_by integer,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone
);

CREATE TABLE public.crews (
    id integer NOT NULL,
    company_id integer NOT NULL,
    name text NOT NULL,
    language text DEFAULT 'ru'::text NOT NULL,
    phone text,
    email text,
    webhook_url text,
    webhook_secret text,
    active boolean DEFAULT true NOT NULL,
    CONSTRAINT crews_check CHECK (((webhook_url IS NULL) = (webhook_secret IS NULL))),
    CONSTRAINT crews_language_check CHECK ((language = ANY (ARRAY['ru'::text, 'en'::text]))),
    CONSTRAINT crews_name_check CHECK ((name <> ''::text)),
    CONSTRAINT crews_phone_check CHECK ((phone ~ '^\+[0-9]{3,15}$'::text))
);

CREATE TABLE public.houses (
    id integer NOT NULL,
    company_id integer,
    city text NOT NULL,
    street text NOT NULL,
    building text NOT NULL,
    entrances integer,
    key text,
    town_key text,
    street_key text,
    building_key text,
    loose_key text,
    notes text DEFAULT ''::text NOT NULL,
    CONSTRAINT houses_entrances_check CHECK (((entrances >= 1) AND (entrances <= 99))),
    CONSTRAINT houses_notes_check CHECK ((length(notes) <= 1000))
);

CREATE TABLE public.premises (
    id integer NOT NULL,
    house_id integer NOT NULL,
    flat text NOT NULL,
    entrance integer,
    flat_key text,
    CONSTRAINT premises_entrance_check CHECK (((entrance >= 1) AND (entrance <= 99)))
);

CREATE TABLE public.residents (
    id integer NOT NULL,
    premises_id integer NOT NULL,
    name text NOT NULL,
    account text,
    note text DEFAULT ''::text NOT NULL,
    left_at timestamp with time zone,
    CONSTRAINT residents_name_check CHECK ((name <> ''::text)),
    CONSTRAINT residents_note_check CHECK ((length(note) <= 1000))
);

CREATE TABLE public.responsibles (
    id integer NOT NULL,
    company_id integer NOT NULL,
    crew_id integer,
    name text NOT NULL,
    phone text,
    active boolean DEFAULT true NOT NULL,
    CONSTRAINT responsibles_name_check CHECK ((name <> ''::text)),
    CONSTRAINT responsibles_phone_check CHECK ((phone ~ '^\+[0-9]{3,15}$'::text))
);

CREATE TABLE public.ticket_deadlines (
    ticket_id bigint NOT NULL,
    step text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    warn_at timestamp with time zone NOT NULL,
    met_at timestamp with time zone,
    held_at timestamp with time zone,
    CONSTRAINT ticket_deadlines_check CHECK ((warn_at <= due_at)),
    CONSTRAINT ticket_deadlines_step_check CHECK ((step = ANY (ARRAY['tell'::text, 'localise'::text, 'clear'::text, 'repair'::text])))
);

COMMENT ON COLUMN public.ticket_deadlines.held_at IS 'Since when the limit does not run, because the ticket waits for the resident.';

CREATE VIEW public.crew_tickets AS
 SELECT t.id AS ticket_id,
    t.number,
    t.company_id,
    m.name AS company,
    m.zone,
    t.state,
    COALESCE(
        CASE k.language
            WHEN 'ru'::text THEN c.name_ru
            ELSE c.name_en
        END, ''::text) AS category,
    COALESCE(c.class, ''::text) AS category_class,
    t.subject,
    t.description,
    COALESCE(concat_ws(', '::text, NULLIF(h.city, ''::text), h.street, h.building), ''::text) AS address,
    p.entrance,
    COALESCE(p.flat, ''::text) AS flat,
    t.common_property,
    COALESCE(NULLIF(t.contact_name, ''::text), r.name, ''::text) AS contact_name,
    COALESCE(NULLIF(t.contact_phone, ''::text), t.caller) AS contact_phone,
    t.access_at,
    t.access_reason,
    t.access_people,
    t.planned_from,
    t.planned_until,
    t.opened_at,
    ( SELECT min(d.due_at) AS min
           FROM public.ticket_deadlines d
          WHERE ((d.ticket_id = t.id) AND (d.step <> 'tell'::text) AND (d.met_at IS NULL))) AS due_at,
    COALESCE(s.name, ''::text) AS responsible,
    t.result,
    k.id AS crew_id,
    k.name AS crew,
    k.language,
    k.email,
    k.webhook_url,
    k.webhook_secret,
    t.waiting_since
   FROM (((((((public.tickets t
     JOIN public.crews k ON ((k.id = t.crew_id)))
     JOIN public.companies m ON ((m.id = t.company_id)))
     LEFT JOIN public.categories c ON ((c.id = t.category_id)))
     LEFT JOIN public.houses h ON ((h.id = t.house_id)))
     LEFT JOIN public.premises p ON ((p.id = t.premises_id)))
     LEFT JOIN public.residents r ON ((r.id = t.resident_id)))
     LEFT JOIN public.responsibles s ON ((s.id = t.responsible_id)));

ALTER TABLE public.crews ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.crews_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.default_limits (
    company_id integer NOT NULL,
    step text NOT NULL,
    minutes integer NOT NULL,
    warn_before integer NOT NULL,
    CONSTRAINT default_limits_check CHECK (((warn_before >= 0) AND (warn_before < minutes))),
    CONSTRAINT default_limits_minutes_check CHECK ((minutes > 0)),
    CONSTRAINT default_limits_step_check CHECK ((step = ANY (ARRAY['tell'::text, 'localise'::text, 'clear'::text, 'repair'::text])))
);

CREATE TABLE public.defaults (
    name text NOT NULL,
    body jsonb NOT NULL
);

CREATE TABLE public.deliveries (
    id bigint NOT NULL,
    ticket_id bigint NOT NULL,
    crew_id integer NOT NULL,
    way text NOT NULL,
    key text NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    problem text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    delivered_at timestamp with time zone,
    next_at timestamp with time zone,
    CONSTRAINT deliveries_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'dead'::text, 'dropped'::text]))),
    CONSTRAINT deliveries_way_check CHECK ((way = ANY (ARRAY['email'::text, 'webhook'::text])))
);

ALTER TABLE public.deliveries ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.deliveries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.directory_uploads (
    id bigint NOT NULL,
    operator_id integer NOT NULL,
    name text NOT NULL,
    body bytea NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    choices jsonb DEFAULT '{}'::jsonb NOT NULL
);

ALTER TABLE public.directory_uploads ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.directory_uploads_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.evidence_packs (
    id bigint NOT NULL,
    ticket_id bigint NOT NULL,
    company_id integer NOT NULL,
    operator_id integer NOT NULL,
    language text NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    done integer DEFAULT 0 NOT NULL,
    expected integer,
    problem text,
    object_key text,
    size bigint,
    sha256 bytea,
    head_seq bigint,
    head_hash bytea,
    asked_at timestamp with time zone DEFAULT now() NOT NULL,
    ready_at timestamp with time zone,
    expires_at timestamp with time zone,
    CONSTRAINT evidence_packs_check CHECK (((state = 'ready'::text) = (ready_at IS NOT NULL))),
    CONSTRAINT evidence_packs_check1 CHECK (((state <> 'ready'::text) OR ((size IS NOT NULL) AND (sha256 IS NOT NULL) AND (head_seq IS NOT NULL) AND (head_hash IS NOT NULL)))),
    CONSTRAINT evidence_packs_head_hash_check CHECK ((length(head_hash) = 32)),
    CONSTRAINT evidence_packs_language_check CHECK ((language = ANY (ARRAY['ru'::text, 'en'::text]))),
    CONSTRAINT evidence_packs_sha256_check CHECK ((length(sha256) = 32)),
    CONSTRAINT evidence_packs_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'running'::text, 'ready'::text, 'failed'::text])))
);

ALTER TABLE public.evidence_packs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.evidence_packs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.exports (
    id bigint NOT NULL,
    operator_id integer NOT NULL,
    company_id integer,
    first_day date NOT NULL,
    last_day date NOT NULL,
    format text NOT NULL,
    language text NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    written integer DEFAULT 0 NOT NULL,
    expected integer,
    object_key text,
    size bigint,
    asked_at timestamp with time zone DEFAULT now() NOT NULL,
    ready_at timestamp with time zone,
    expires_at timestamp with time zone,
    CONSTRAINT exports_check CHECK ((last_day >= first_day)),
    CONSTRAINT exports_check1 CHECK (((state = 'ready'::text) = (ready_at IS NOT NULL))),
    CONSTRAINT exports_check2 CHECK (((state <> 'ready'::text) OR ((object_key IS NOT NULL) AND (size IS NOT NULL) AND (expires_at IS NOT NULL)))),
    CONSTRAINT exports_format_check CHECK ((format = ANY (ARRAY['csv'::text, 'xlsx'::text]))),
    CONSTRAINT exports_language_check CHECK ((language = ANY (ARRAY['ru'::text, 'en'::text]))),
    CONSTRAINT exports_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'running'::text, 'ready'::text, 'failed'::text])))
);

ALTER TABLE public.exports ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.exports_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.filing_drafts (
    ticket_id bigint NOT NULL,
    operator_id integer NOT NULL,
    category_id integer,
    subject text NOT NULL,
    saved_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT filing_drafts_subject_check CHECK ((length(subject) <= 200))
);

CREATE TABLE public.further_tickets (
    ticket_id bigint NOT NULL,
    call_id text NOT NULL
);

CREATE TABLE public.heartbeats (
    name text NOT NULL,
    role text NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    clock timestamp with time zone NOT NULL,
    stopped boolean DEFAULT false NOT NULL,
    parts jsonb NOT NULL,
    CONSTRAINT heartbeats_role_check CHECK ((role = ANY (ARRAY['node'::text, 'pages'::text])))
);

COMMENT ON COLUMN public.heartbeats.clock IS 'What the clock of the process was at `seen_at`.';

COMMENT ON COLUMN public.heartbeats.stopped IS 'It was ended in order, and has not been killed.';

COMMENT ON COLUMN public.heartbeats.parts IS 'Of each part null when it is ready, otherwise why it is not, as far as is known.';

CREATE TABLE public.house_companies (
    house_id integer NOT NULL,
    company_id integer NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL,
    until timestamp with time zone
);

ALTER TABLE public.houses ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.houses_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.idempotency_keys (
    token_id integer NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status integer NOT NULL,
    body jsonb NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.invitations (
    token_hash bytea NOT NULL,
    operator_id integer NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);

CREATE TABLE public.joined_calls (
    call_id text NOT NULL,
    ticket_id bigint NOT NULL,
    operator_id integer,
    joined_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.keeping_requests (
    id bigint NOT NULL,
    company_id integer,
    resident_id integer NOT NULL,
    asked_at timestamp with time zone DEFAULT now() NOT NULL,
    asked_by integer,
    removed jsonb NOT NULL,
    left_behind jsonb NOT NULL,
    entry bigint
);

ALTER TABLE public.keeping_requests ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.keeping_requests_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.keeping_runs (
    id bigint NOT NULL,
    company_id integer,
    day date NOT NULL,
    began_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    terms jsonb NOT NULL,
    removed jsonb DEFAULT '{}'::jsonb NOT NULL,
    left_behind jsonb DEFAULT '{}'::jsonb NOT NULL,
    entry bigint
);

ALTER TABLE public.keeping_runs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.keeping_runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.keeping_terms (
    company_id integer,
    kind text NOT NULL,
    months integer NOT NULL,
    set_by integer,
    set_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT keeping_terms_kind_check CHECK ((kind = ANY (ARRAY['links'::text, 'tickets'::text, 'calls'::text, 'residents'::text, 'audit'::text]))),
    CONSTRAINT keeping_terms_months_check CHECK (((months >= 1) AND (months <= 1200)))
);

CREATE TABLE public.ledger_heads (
    company_id integer NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT ledger_heads_hash_check CHECK ((length(hash) = 32))
);

CREATE TABLE public.legal_holds (
    id bigint NOT NULL,
    ticket_id bigint NOT NULL,
    reason text NOT NULL,
    placed_by integer NOT NULL,
    placed_at timestamp with time zone DEFAULT now() NOT NULL,
    released_by integer,
    released_at timestamp with time zone,
    CONSTRAINT legal_holds_check CHECK (((released_by IS NULL) = (released_at IS NULL))),
    CONSTRAINT legal_holds_reason_check CHECK ((reason <> ''::text))
);

ALTER TABLE public.legal_holds ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.legal_holds_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.limits (
    category_id integer NOT NULL,
    step text NOT NULL,
    minutes integer NOT NULL,
    warn_before integer NOT NULL,
    opens time without time zone,
    closes time without time zone,
    CONSTRAINT limits_check CHECK (((warn_before >= 0) AND (warn_before < minutes))),
    CONSTRAINT limits_check1 CHECK (((opens IS NULL) = (closes IS NULL))),
    CONSTRAINT limits_check2 CHECK ((closes > opens)),
    CONSTRAINT limits_minutes_check CHECK ((minutes > 0)),
    CONSTRAINT limits_step_check CHECK ((step = ANY (ARRAY['tell'::text, 'localise'::text, 'clear'::text, 'repair'::text])))
);

CREATE TABLE public.login_attempts (
    subject text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    id bigint NOT NULL
);

ALTER TABLE public.login_attempts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.login_attempts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.node_configurations (
    node text NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    problem text,
    details text DEFAULT ''::text NOT NULL,
    CONSTRAINT node_configurations_problem_check CHECK ((problem = ANY (ARRAY['asterisk_away'::text, 'not_writable'::text, 'value_refused'::text, 'not_accepted'::text])))
);

CREATE TABLE public.node_disks (
    node text NOT NULL,
    free bigint NOT NULL,
    total bigint NOT NULL,
    files integer NOT NULL,
    bytes bigint NOT NULL,
    oldest timestamp with time zone,
    full_at timestamp with time zone,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    log_free bigint,
    log_total bigint
);

CREATE TABLE public.node_gaps (
    id bigint NOT NULL,
    node text NOT NULL,
    began_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    lost boolean DEFAULT false NOT NULL
);

ALTER TABLE public.node_gaps ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.node_gaps_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.nodes (
    name text NOT NULL,
    ledger_inode bigint,
    ledger_offset bigint DEFAULT 0 NOT NULL,
    ledger_line text DEFAULT ''::text NOT NULL,
    ledger_line_at timestamp with time zone,
    shared boolean DEFAULT false NOT NULL
);

COMMENT ON COLUMN public.nodes.shared IS 'Another PBX configures its Asterisk, and has the trunks.';

CREATE TABLE public.numbers (
    number text NOT NULL,
    company_id integer NOT NULL,
    typed text,
    CONSTRAINT numbers_number_check CHECK ((number ~ '^[0-9]{3,15}$'::text))
);

COMMENT ON COLUMN public.numbers.typed IS 'As the administrator typed it; null where nobody did.';

CREATE TABLE public.open_pages (
    operator_id integer NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.operators (
    id integer NOT NULL,
    login text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    password_hash text,
    language text DEFAULT 'ru'::text NOT NULL,
    endpoint text,
    sip_secret text,
    company_id integer,
    crew_id integer,
    active boolean DEFAULT true NOT NULL,
    totp_secret text,
    totp_pending text,
    totp_step bigint,
    node text,
    sip_version integer DEFAULT 0 NOT NULL,
    extension text,
    CONSTRAINT operators_check CHECK (((endpoint IS NULL) = (sip_secret IS NULL))),
    CONSTRAINT operators_company_check CHECK (((role = ANY (ARRAY['manager'::text, 'crew'::text])) = (company_id IS NOT NULL))),
    CONSTRAINT operators_crew_check CHECK (((role = 'crew'::text) = (crew_id IS NOT NULL))),
    CONSTRAINT operators_endpoint_check CHECK ((endpoint ~ '^[a-z][a-z0-9-]{0,31}$'::text)),
    CONSTRAINT operators_extension_check CHECK ((extension ~ '^[0-9]{2,5}$'::text)),
    CONSTRAINT operators_language_check CHECK ((language = ANY (ARRAY['ru'::text, 'en'::text]))),
    CONSTRAINT operators_login_check CHECK ((login ~ '^[a-z][a-z0-9._-]{1,31}$'::text)),
    CONSTRAINT operators_role_check CHECK ((role = ANY (ARRAY['operator'::text, 'supervisor'::text, 'manager'::text, 'crew'::text, 'administrator'::text])))
);

COMMENT ON COLUMN public.operators.extension IS 'The short number by which colleagues call and transfer.';

ALTER TABLE public.operators ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.operators_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.outage_events (
    id bigint NOT NULL,
    outage_id integer NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    operator_id integer,
    kind text NOT NULL,
    from_state text,
    to_state text,
    comment text DEFAULT ''::text NOT NULL,
    changes jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT outage_events_kind_check CHECK ((kind = ANY (ARRAY['opened'::text, 'moved'::text, 'edited'::text, 'places'::text, 'recorded'::text, 'recording_removed'::text])))
);

ALTER TABLE public.outage_events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outage_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.outage_kinds (
    code text NOT NULL,
    name_ru text NOT NULL,
    name_en text NOT NULL,
    said_ru text NOT NULL,
    said_en text NOT NULL,
    category text NOT NULL,
    place integer NOT NULL,
    CONSTRAINT outage_kinds_code_check CHECK ((code ~ '^[a-z][a-z0-9_]{0,31}$'::text)),
    CONSTRAINT outage_kinds_name_en_check CHECK ((name_en <> ''::text)),
    CONSTRAINT outage_kinds_name_ru_check CHECK ((name_ru <> ''::text)),
    CONSTRAINT outage_kinds_said_en_check CHECK ((said_en <> ''::text)),
    CONSTRAINT outage_kinds_said_ru_check CHECK ((said_ru <> ''::text))
);

CREATE TABLE public.outage_notices (
    id bigint NOT NULL,
    outage_id integer NOT NULL,
    recipient_id integer NOT NULL,
    event text NOT NULL,
    body jsonb NOT NULL,
    key text NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    problem text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    next_at timestamp with time zone,
    delivered_at timestamp with time zone,
    CONSTRAINT outage_notices_event_check CHECK ((event = ANY (ARRAY['opened'::text, 'changed'::text, 'ended'::text]))),
    CONSTRAINT outage_notices_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'dead'::text, 'dropped'::text])))
);

ALTER TABLE public.outage_notices ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outage_notices_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.outage_places (
    outage_id integer NOT NULL,
    house_id integer NOT NULL,
    entrances integer[] DEFAULT '{}'::integer[] NOT NULL,
    flats text DEFAULT ''::text NOT NULL,
    riser text DEFAULT ''::text NOT NULL
);

COMMENT ON COLUMN public.outage_places.entrances IS 'Empty: all.';

COMMENT ON COLUMN public.outage_places.flats IS 'As it is typed, `1-40, 55`; empty: all.';

CREATE TABLE public.outage_recipients (
    id integer NOT NULL,
    company_id integer NOT NULL,
    name text NOT NULL,
    party text NOT NULL,
    way text NOT NULL,
    address text NOT NULL,
    secret text,
    language text DEFAULT 'ru'::text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    CONSTRAINT outage_recipients_address_check CHECK ((address <> ''::text)),
    CONSTRAINT outage_recipients_check CHECK (((way = 'webhook'::text) = (secret IS NOT NULL))),
    CONSTRAINT outage_recipients_language_check CHECK ((language = ANY (ARRAY['ru'::text, 'en'::text]))),
    CONSTRAINT outage_recipients_name_check CHECK ((name <> ''::text)),
    CONSTRAINT outage_recipients_party_check CHECK ((party = ANY (ARRAY['company'::text, 'municipality'::text, 'supplier'::text]))),
    CONSTRAINT outage_recipients_way_check CHECK ((way = ANY (ARRAY['email'::text, 'webhook'::text, 'max'::text])))
);

COMMENT ON COLUMN public.outage_recipients.address IS 'An e-mail address, the URL of a webhook, or the id of a chat in MAX.';

COMMENT ON COLUMN public.outage_recipients.secret IS 'Signs what a webhook is sent.';

ALTER TABLE public.outage_recipients ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outage_recipients_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.outage_recordings (
    outage_id integer NOT NULL,
    digest text NOT NULL,
    sound bytea NOT NULL,
    recorded_by integer,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT outage_recordings_digest_check CHECK ((digest ~ '^[0-9a-f]{16}$'::text)),
    CONSTRAINT outage_recordings_sound_check CHECK (((length(sound) >= 1) AND (length(sound) <= 960000)))
);

COMMENT ON COLUMN public.outage_recordings.digest IS 'The name of the sound among the announcements: the beginning of its SHA-256.';

COMMENT ON COLUMN public.outage_recordings.sound IS 'A-law at 8 kHz, one channel, no header: two minutes at most.';

CREATE TABLE public.outages (
    id integer NOT NULL,
    company_id integer NOT NULL,
    kind text,
    planned boolean DEFAULT false NOT NULL,
    state text NOT NULL,
    cause text DEFAULT ''::text NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone,
    crew_id integer,
    workers text DEFAULT ''::text NOT NULL,
    message text DEFAULT ''::text NOT NULL,
    operator_note text DEFAULT ''::text NOT NULL,
    evidence jsonb,
    incident_id bigint,
    spare_from integer,
    spare_until integer,
    opened_by integer,
    opened_at timestamp with time zone DEFAULT now() NOT NULL,
    confirmed_at timestamp with time zone,
    finished_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    suggested_as text,
    CONSTRAINT outages_check CHECK ((until > since)),
    CONSTRAINT outages_check1 CHECK (((spare_from IS NULL) = (spare_until IS NULL))),
    CONSTRAINT outages_check2 CHECK (((state = ANY (ARRAY['closed'::text, 'cancelled'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT outages_check3 CHECK (((state = ANY (ARRAY['suspected'::text, 'cancelled'::text])) OR ((incident_id IS NOT NULL) AND (kind IS NOT NULL)))),
    CONSTRAINT outages_state_check CHECK ((state = ANY (ARRAY['suspected'::text, 'confirmed'::text, 'repairing'::text, 'restored'::text, 'checked'::text, 'closed'::text, 'cancelled'::text])))
);

COMMENT ON COLUMN public.outages.kind IS 'Null: suspected from calls alone, and nobody has said yet what is off.';

COMMENT ON COLUMN public.outages.until IS 'When it is expected to end, as of now; what was expected before is in outage_events.';

COMMENT ON COLUMN public.outages.workers IS 'Who is at work, in words.';

COMMENT ON COLUMN public.outages.message IS 'For residents: spoken after what is composed from the other columns.';

COMMENT ON COLUMN public.outages.evidence IS 'The calls by which it was suggested.';

COMMENT ON COLUMN public.outages.incident_id IS 'The ticket of the whole, parent of the flats'' tickets.';

COMMENT ON COLUMN public.outages.spare_from IS 'Ticket numbers reserved for callers whose flat is not known: from this one on, before `spare_until`.';

COMMENT ON COLUMN public.outages.suggested_as IS 'The key by which the detector knows its suggestion.';

ALTER TABLE public.outages ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outages_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.outbound_attempts (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    operator_id integer,
    number text NOT NULL,
    reason text NOT NULL,
    rule_id integer,
    CONSTRAINT outbound_attempts_reason_check CHECK ((reason = ANY (ARRAY['allowed'::text, 'not_a_number'::text, 'no_rule'::text, 'operator_limit'::text, 'limit'::text, 'no_trunk'::text, 'no_number'::text])))
);

COMMENT ON COLUMN public.outbound_attempts.rule_id IS 'The rule that allowed it, or whose limit was reached.';

ALTER TABLE public.outbound_attempts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbound_attempts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.outbound_rules (
    id integer NOT NULL,
    purpose text NOT NULL,
    prefix text NOT NULL,
    per_operator_hour integer,
    per_hour integer,
    active boolean DEFAULT true NOT NULL,
    CONSTRAINT outbound_rules_per_hour_check CHECK ((per_hour >= 0)),
    CONSTRAINT outbound_rules_per_operator_hour_check CHECK ((per_operator_hour >= 0)),
    CONSTRAINT outbound_rules_prefix_check CHECK ((prefix ~ '^\+[0-9]{0,14}$'::text)),
    CONSTRAINT outbound_rules_purpose_check CHECK ((purpose = ANY (ARRAY['resident'::text, 'crew'::text, 'any'::text])))
);

COMMENT ON COLUMN public.outbound_rules.prefix IS 'With what a number in E.164 begins; `+` for any.';

COMMENT ON COLUMN public.outbound_rules.per_hour IS 'Calls of all operators together by this rule within an hour; null: any number.';

ALTER TABLE public.outbound_rules ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbound_rules_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.pause_reasons (
    code text NOT NULL,
    place smallint NOT NULL,
    name_ru text NOT NULL,
    name_en text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    CONSTRAINT pause_reasons_code_check CHECK ((code ~ '^[a-z][a-z_]{0,19}$'::text)),
    CONSTRAINT pause_reasons_name_en_check CHECK ((name_en <> ''::text)),
    CONSTRAINT pause_reasons_name_ru_check CHECK ((name_ru <> ''::text))
);

COMMENT ON TABLE public.pause_reasons IS 'What an operator may give as the reason of a pause. One that is not active is offered no more.';

CREATE TABLE public.pending_logins (
    token_hash bytea NOT NULL,
    operator_id integer NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE public.pgqueuer (
    id bigint NOT NULL,
    priority integer NOT NULL,
    queue_manager_id uuid,
    created timestamp with time zone DEFAULT now() NOT NULL,
    updated timestamp with time zone DEFAULT now() NOT NULL,
    heartbeat timestamp with time zone DEFAULT now() NOT NULL,
    execute_after timestamp with time zone DEFAULT now() NOT NULL,
    status public.pgqueuer_status NOT NULL,
    entrypoint text NOT NULL,
    dedupe_key text,
    payload bytea,
    headers jsonb,
    attempts integer DEFAULT 0 NOT NULL,
    slot bigint
);

CREATE SEQUENCE public.pgqueuer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.pgqueuer_id_seq OWNED BY public.pgqueuer.id;

CREATE TABLE public.pgqueuer_log (
    id bigint NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    job_id bigint NOT NULL,
    status public.pgqueuer_status NOT NULL,
    priority integer NOT NULL,
    entrypoint text NOT NULL,
    traceback jsonb,
    aggregated boolean DEFAULT false
);

ALTER TABLE public.pgqueuer_log ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgqueuer_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.pgqueuer_schedules (
    id bigint NOT NULL,
    expression text NOT NULL,
    entrypoint text NOT NULL,
    heartbeat timestamp with time zone DEFAULT now() NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    updated timestamp with time zone DEFAULT now() NOT NULL,
    next_run timestamp with time zone DEFAULT now() NOT NULL,
    last_run timestamp with time zone,
    status public.pgqueuer_status DEFAULT 'queued'::public.pgqueuer_status
);

CREATE SEQUENCE public.pgqueuer_schedules_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.pgqueuer_schedules_id_seq OWNED BY public.pgqueuer_schedules.id;

CREATE TABLE public.pgqueuer_statistics (
    id bigint NOT NULL,
    created timestamp with time zone DEFAULT date_trunc('sec'::text, now()) NOT NULL,
    count bigint NOT NULL,
    priority integer NOT NULL,
    status public.pgqueuer_status NOT NULL,
    entrypoint text NOT NULL
);

CREATE SEQUENCE public.pgqueuer_statistics_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.pgqueuer_statistics_id_seq OWNED BY public.pgqueuer_statistics.id;

CREATE TABLE public.phone_candidates (
    phone text NOT NULL,
    premises_id integer NOT NULL,
    heard_at timestamp with time zone DEFAULT now() NOT NULL,
    call_id text NOT NULL,
    confirmed boolean,
    decided_by integer,
    decided_at timestamp with time zone,
    CONSTRAINT phone_candidates_check CHECK (((confirmed IS NULL) OR (decided_at IS NOT NULL))),
    CONSTRAINT phone_candidates_phone_check CHECK ((phone ~ '^\+[0-9]{3,15}$'::text))
);

CREATE TABLE public.planned_calls (
    operator_id integer NOT NULL,
    number text NOT NULL,
    ticket_id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.premises ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.premises_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.presence (
    operator_id integer NOT NULL,
    wanted text NOT NULL,
    since timestamp with time zone NOT NULL,
    reason text,
    pause text,
    CONSTRAINT presence_pause_check CHECK ((pause <> ''::text)),
    CONSTRAINT presence_reason_check CHECK ((reason <> ''::text)),
    CONSTRAINT presence_wanted_check CHECK ((wanted = ANY (ARRAY['available'::text, 'paused'::text, 'offline'::text])))
);

COMMENT ON COLUMN public.presence.reason IS 'Why it is so, where the operator did not ask for it.';

COMMENT ON COLUMN public.presence.pause IS 'The code of the reason that the operator gave for a pause.';

CREATE TABLE public.push_log (
    seq bigint NOT NULL,
    audience text NOT NULL,
    kind text NOT NULL,
    body jsonb NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.push_log ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.push_log_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.recording_hashes (
    recording_id bigint NOT NULL,
    checked_at timestamp with time zone NOT NULL,
    problem text,
    CONSTRAINT recording_hashes_problem_check CHECK ((problem = ANY (ARRAY['gone'::text, 'altered'::text, 'not as chained'::text, 'copy gone'::text, 'copy altered'::text, 'copy not as chained'::text])))
);

CREATE TABLE public.recording_marks (
    id bigint NOT NULL,
    recording_id bigint NOT NULL,
    at_s double precision NOT NULL,
    comment text NOT NULL,
    made_by integer NOT NULL,
    made_at timestamp with time zone DEFAULT now() NOT NULL,
    removed_by integer,
    removed_at timestamp with time zone,
    CONSTRAINT recording_marks_at_s_check CHECK ((at_s >= (0)::double precision)),
    CONSTRAINT recording_marks_check CHECK (((removed_by IS NULL) = (removed_at IS NULL))),
    CONSTRAINT recording_marks_comment_check CHECK ((comment <> ''::text))
);

ALTER TABLE public.recording_marks ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.recording_marks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.recording_pauses (
    id bigint NOT NULL,
    recording text NOT NULL,
    call_id text NOT NULL,
    operator_id integer,
    began_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone
);

ALTER TABLE public.recording_pauses ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.recording_pauses_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.recording_plays (
    id bigint NOT NULL,
    recording_id bigint NOT NULL,
    operator_id integer NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    reason text,
    words text DEFAULT ''::text NOT NULL,
    sent int4multirange DEFAULT '{}'::int4multirange NOT NULL,
    heard int4multirange DEFAULT '{}'::int4multirange NOT NULL,
    last_at timestamp with time zone,
    CONSTRAINT recording_plays_check CHECK (((reason IS DISTINCT FROM 'other'::text) OR (words <> ''::text))),
    CONSTRAINT recording_plays_reason_check CHECK ((reason = ANY (ARRAY['complaint'::text, 'quality'::text, 'facts'::text, 'training'::text, 'other'::text])))
);

ALTER TABLE public.recording_plays ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.recording_plays_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.recordings ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.recordings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.recovery_codes (
    code_hash bytea NOT NULL,
    operator_id integer NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT recovery_codes_code_hash_check CHECK ((length(code_hash) = 32))
);

CREATE TABLE public.requests (
    id bigint NOT NULL,
    node text,
    kind text NOT NULL,
    body jsonb NOT NULL,
    asked_by integer NOT NULL,
    operator_id integer NOT NULL,
    asked_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    state text DEFAULT 'asked'::text NOT NULL,
    taken_at timestamp with time zone,
    finished_at timestamp with time zone,
    answer jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT requests_check CHECK (((state = ANY (ARRAY['asked'::text, 'taken'::text])) = (finished_at IS NULL))),
    CONSTRAINT requests_check1 CHECK (((state <> 'taken'::text) OR ((taken_at IS NOT NULL) AND (node IS NOT NULL)))),
    CONSTRAINT requests_kind_check CHECK ((kind <> ''::text)),
    CONSTRAINT requests_state_check CHECK ((state = ANY (ARRAY['asked'::text, 'taken'::text, 'done'::text, 'refused'::text, 'expired'::text])))
);

COMMENT ON COLUMN public.requests.node IS 'The Asterisk that is asked; null: whichever node takes it first.';

COMMENT ON COLUMN public.requests.operator_id IS 'Whom it concerns: mostly who asked.';

COMMENT ON COLUMN public.requests.expires_at IS 'Until when it is of use.';

ALTER TABLE public.requests ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.requests_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.resident_phones (
    phone text NOT NULL,
    resident_id integer NOT NULL,
    chosen_at timestamp with time zone,
    CONSTRAINT resident_phones_phone_check CHECK ((phone ~ '^\+[0-9]{3,15}$'::text))
);

ALTER TABLE public.residents ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.residents_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.responsibles ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.responsibles_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.review_lines (
    review_id bigint NOT NULL,
    line_id bigint NOT NULL,
    points integer,
    CONSTRAINT review_lines_points_check CHECK ((points >= 0))
);

CREATE TABLE public.reviews (
    id bigint NOT NULL,
    recording_id bigint NOT NULL,
    card_id bigint NOT NULL,
    operator_id integer,
    made_by integer NOT NULL,
    made_at timestamp with time zone DEFAULT now() NOT NULL,
    replaced_at timestamp with time zone,
    score double precision,
    comment text DEFAULT ''::text NOT NULL,
    seen_at timestamp with time zone,
    CONSTRAINT reviews_score_check CHECK (((score >= (0)::double precision) AND (score <= (100)::double precision)))
);

ALTER TABLE public.reviews ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.reviews_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.saved_filters (
    operator_id integer NOT NULL,
    name text NOT NULL,
    query text NOT NULL,
    CONSTRAINT saved_filters_name_check CHECK ((name <> ''::text))
);

CREATE TABLE public.schema_files (
    path text NOT NULL,
    sha256 text NOT NULL,
    migration text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.schema_migrations (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.score_cards (
    id bigint NOT NULL,
    company_id integer NOT NULL,
    made_by integer NOT NULL,
    made_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.score_cards ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.score_cards_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.score_lines (
    id bigint NOT NULL,
    card_id bigint NOT NULL,
    place integer NOT NULL,
    title text NOT NULL,
    points integer NOT NULL,
    critical boolean DEFAULT false NOT NULL,
    CONSTRAINT score_lines_points_check CHECK (((points >= 1) AND (points <= 10))),
    CONSTRAINT score_lines_title_check CHECK ((title <> ''::text))
);

ALTER TABLE public.score_lines ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.score_lines_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.screens (
    audience text NOT NULL,
    kind text NOT NULL,
    seq bigint NOT NULL,
    body jsonb NOT NULL
);

CREATE TABLE public.sessions (
    token_hash bytea NOT NULL,
    operator_id integer NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    address text DEFAULT ''::text NOT NULL,
    browser text DEFAULT ''::text NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    id bigint NOT NULL,
    ends_at timestamp with time zone NOT NULL
);

ALTER TABLE public.sessions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sessions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.share_link_recordings (
    link_id bigint NOT NULL,
    place smallint NOT NULL,
    recording_id bigint NOT NULL,
    CONSTRAINT share_link_recordings_place_check CHECK ((place > 0))
);

CREATE TABLE public.share_link_uses (
    id bigint NOT NULL,
    link_id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    kind text NOT NULL,
    place smallint,
    address text NOT NULL,
    browser text DEFAULT ''::text NOT NULL,
    sent bigint DEFAULT 0 NOT NULL,
    of_original boolean DEFAULT false NOT NULL,
    CONSTRAINT share_link_uses_kind_check CHECK ((kind = ANY (ARRAY['opened'::text, 'wrong pin'::text, 'right pin'::text, 'listened'::text, 'original'::text, 'copy'::text, 'none left'::text, 'cut off'::text])))
);

ALTER TABLE public.share_link_uses ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.share_link_uses_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.share_link_visits (
    token_hash bytea NOT NULL,
    link_id bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT share_link_visits_token_hash_check CHECK ((length(token_hash) = 32))
);

CREATE TABLE public.share_links (
    id bigint NOT NULL,
    company_id integer NOT NULL,
    ticket_id bigint NOT NULL,
    token_hash bytea NOT NULL,
    recipient text NOT NULL,
    email text,
    purpose text NOT NULL,
    language text NOT NULL,
    pin_hash text,
    pin_failures integer DEFAULT 0 NOT NULL,
    fetches integer NOT NULL,
    made_by integer NOT NULL,
    made_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_by integer,
    revoked_at timestamp with time zone,
    sent_at timestamp with time zone,
    problem text DEFAULT ''::text NOT NULL,
    forgotten_at timestamp with time zone,
    CONSTRAINT share_links_check CHECK (((revoked_by IS NULL) = (revoked_at IS NULL))),
    CONSTRAINT share_links_fetches_check CHECK ((fetches > 0)),
    CONSTRAINT share_links_language_check CHECK ((language = ANY (ARRAY['ru'::text, 'en'::text]))),
    CONSTRAINT share_links_purpose_check CHECK ((purpose <> ''::text)),
    CONSTRAINT share_links_recipient_check CHECK ((recipient <> ''::text)),
    CONSTRAINT share_links_token_hash_check CHECK ((length(token_hash) = 32))
);

ALTER TABLE public.share_links ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.share_links_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.sheet_layouts (
    company_id integer NOT NULL,
    headings text[] NOT NULL,
    columns text[] NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT sheet_layouts_check CHECK (((cardinality(headings) = cardinality(columns)) AND ((cardinality(headings) >= 1) AND (cardinality(headings) <= 40))))
);

CREATE TABLE public.stepped_back (
    name text NOT NULL,
    sha256 text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.talks (
    recording text NOT NULL,
    call_id text NOT NULL,
    kind text NOT NULL,
    interface text,
    operator_id integer,
    began_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    talk_s double precision GENERATED ALWAYS AS ((EXTRACT(epoch FROM (ended_at - began_at)))::double precision) STORED,
    ended_by text,
    channel text DEFAULT ''::text NOT NULL,
    CONSTRAINT talks_ended_by_check CHECK ((ended_by = ANY (ARRAY['caller'::text, 'operator'::text, 'transfer'::text, 'system'::text, 'network'::text]))),
    CONSTRAINT talks_kind_check CHECK ((kind = ANY (ARRAY['queue'::text, 'transfer'::text, 'consultation'::text, 'out'::text])))
);

CREATE TABLE public.tally_hours (
    company_id integer NOT NULL,
    first date NOT NULL,
    last date NOT NULL,
    hour integer NOT NULL,
    calls bigint NOT NULL,
    answered bigint NOT NULL,
    informed bigint NOT NULL,
    early bigint NOT NULL,
    in_time bigint NOT NULL,
    waited bigint NOT NULL,
    wait_s double precision NOT NULL,
    longest_s double precision NOT NULL,
    talk_s double precision NOT NULL
);

COMMENT ON COLUMN public.tally_hours.hour IS 'Of the week: that from Monday''s midnight on is 0.';

CREATE TABLE public.tally_operators (
    company_id integer NOT NULL,
    first date NOT NULL,
    last date NOT NULL,
    operator_id integer NOT NULL,
    talks bigint NOT NULL,
    talk_s double precision NOT NULL,
    wrap_ups bigint NOT NULL,
    wrap_up_s double precision NOT NULL
);

CREATE TABLE public.tally_outcomes (
    company_id integer NOT NULL,
    first date NOT NULL,
    last date NOT NULL,
    outcome text NOT NULL,
    calls bigint NOT NULL,
    in_time bigint NOT NULL,
    waited bigint NOT NULL,
    wait_s double precision NOT NULL,
    longest_s double precision NOT NULL,
    talk_s double precision NOT NULL
);

CREATE TABLE public.telephone_links (
    token_hash bytea NOT NULL,
    operator_id integer NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);

CREATE TABLE public.ticket_events (
    id bigint NOT NULL,
    ticket_id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    operator_id integer,
    crew_id integer,
    kind text NOT NULL,
    from_state text,
    to_state text,
    comment text DEFAULT ''::text NOT NULL,
    changes jsonb DEFAULT '{}'::jsonb NOT NULL,
    version integer,
    CONSTRAINT ticket_events_kind_check CHECK ((kind = ANY (ARRAY['opened'::text, 'edited'::text, 'moved'::text, 'comment'::text, 'file'::text, 'told'::text, 'localised'::text, 'sent'::text, 'called'::text, 'linked'::text, 'merged'::text, 'waiting'::text, 'resumed'::text])))
);

ALTER TABLE public.ticket_events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ticket_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.ticket_files (
    id bigint NOT NULL,
    ticket_id bigint NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    sha256 bytea NOT NULL,
    object_key text NOT NULL,
    added_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ticket_files_sha256_check CHECK ((length(sha256) = 32))
);

ALTER TABLE public.ticket_files ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ticket_files_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.tickets ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.tickets_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.trunk_names (
    node text NOT NULL,
    name text NOT NULL,
    addresses text[] DEFAULT '{}'::text[] NOT NULL,
    failing_since timestamp with time zone
);

COMMENT ON COLUMN public.trunk_names.addresses IS 'Those that were found last, of the name and of the servers that its SRV records name.';

COMMENT ON COLUMN public.trunk_names.failing_since IS 'Since when nothing is found; null: it is.';

CREATE TABLE public.trunk_states (
    node text NOT NULL,
    trunk text NOT NULL,
    state text NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT trunk_states_state_check CHECK ((state = ANY (ARRAY['up'::text, 'down'::text, 'refused'::text, 'nameless'::text, 'unknown'::text])))
);

COMMENT ON COLUMN public.trunk_states.trunk IS 'Its name; those of the settings have no row in `trunks`.';

CREATE TABLE public.trunks (
    id integer NOT NULL,
    name text NOT NULL,
    node text,
    "position" integer DEFAULT 0 NOT NULL,
    active boolean DEFAULT true NOT NULL,
    transport text DEFAULT 'udp'::text NOT NULL,
    srtp boolean DEFAULT false NOT NULL,
    hosts text[] DEFAULT '{}'::text[] NOT NULL,
    server text DEFAULT ''::text NOT NULL,
    port integer,
    registers boolean DEFAULT false NOT NULL,
    login text DEFAULT ''::text NOT NULL,
    password text,
    codecs text[] DEFAULT '{alaw}'::text[] NOT NULL,
    dtmf text DEFAULT 'rfc4733'::text NOT NULL,
    session_timers text DEFAULT 'always'::text NOT NULL,
    dialled_number_in text[] DEFAULT '{request,To,Diversion}'::text[] NOT NULL,
    trust_asserted_identity boolean DEFAULT true NOT NULL,
    send_asserted_identity boolean DEFAULT false NOT NULL,
    from_user text DEFAULT ''::text NOT NULL,
    from_domain text DEFAULT ''::text NOT NULL,
    number_form text DEFAULT 'plus'::text NOT NULL,
    caller_number text,
    calls_out boolean DEFAULT false NOT NULL,
    calls_at_once integer,
    calls_per_s integer,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT trunks_caller_number_check CHECK ((caller_number ~ '^\+?[0-9]{3,15}$'::text)),
    CONSTRAINT trunks_calls_at_once_check CHECK ((calls_at_once > 0)),
    CONSTRAINT trunks_calls_per_s_check CHECK ((calls_per_s > 0)),
    CONSTRAINT trunks_check CHECK (((NOT registers) OR ((server <> ''::text) AND (login <> ''::text) AND (password IS NOT NULL)))),
    CONSTRAINT trunks_check1 CHECK (((NOT calls_out) OR (server <> ''::text))),
    CONSTRAINT trunks_dtmf_check CHECK ((dtmf = ANY (ARRAY['rfc4733'::text, 'info'::text, 'inband'::text, 'auto'::text]))),
    CONSTRAINT trunks_name_check CHECK ((name ~ '^[a-z][a-z0-9-]{0,19}$'::text)),
    CONSTRAINT trunks_number_form_check CHECK ((number_form = ANY (ARRAY['plus'::text, 'digits'::text, 'national'::text]))),
    CONSTRAINT trunks_port_check CHECK (((port >= 1) AND (port <= 65535))),
    CONSTRAINT trunks_session_timers_check CHECK ((session_timers = ANY (ARRAY['always'::text, 'accepted'::text, 'never'::text]))),
    CONSTRAINT trunks_transport_check CHECK ((transport = ANY (ARRAY['udp'::text, 'tcp'::text, 'tls'::text])))
);

COMMENT ON COLUMN public.trunks.node IS 'Where it is; null: at every node.';

COMMENT ON COLUMN public.trunks."position" IS 'In which order outbound calls try them.';

COMMENT ON COLUMN public.trunks.hosts IS 'Addresses, networks and host names from which its calls come, beside the server.';

COMMENT ON COLUMN public.trunks.server IS 'Address or host name to which registrations and calls go; empty: calls only come.';

COMMENT ON COLUMN public.trunks.password IS 'Sealed (callcenter/common/secret_box.py).';

COMMENT ON COLUMN public.trunks.dialled_number_in IS 'Where the number dialled is written: `request`, or the names of headers, the first that has one of ours.';

COMMENT ON COLUMN public.trunks.number_form IS 'How it wants a number: +79161234567, 79161234567, or 89161234567.';

COMMENT ON COLUMN public.trunks.caller_number IS 'The number that outbound calls show instead of the company''s.';

COMMENT ON COLUMN public.trunks.version IS 'Counts the changes, so that a node sees one without knowing the password.';

ALTER TABLE public.trunks ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.trunks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.unspoken_outages (
    node text NOT NULL,
    outage_id integer NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.unspoken_outages IS 'The voice of this node failed: callers hear what was said before, or are not told of it.';

CREATE TABLE public.unwritten (
    id bigint NOT NULL,
    node text NOT NULL,
    what text NOT NULL,
    problem text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.unwritten ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.unwritten_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.waveforms (
    recording_id bigint NOT NULL,
    per_s double precision NOT NULL,
    channels integer NOT NULL,
    peaks bytea NOT NULL,
    CONSTRAINT waveforms_channels_check CHECK ((channels = ANY (ARRAY[1, 2]))),
    CONSTRAINT waveforms_per_s_check CHECK ((per_s > (0)::double precision))
);

CREATE TABLE public.wrap_ups (
    operator_id integer NOT NULL,
    call_id text NOT NULL,
    began_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    CONSTRAINT wrap_ups_check CHECK ((ended_at >= began_at))
);

COMMENT ON TABLE public.wrap_ups IS 'The time after a talk in which an operator got no caller.';

ALTER TABLE ONLY public.pgqueuer ALTER COLUMN id SET DEFAULT nextval('public.pgqueuer_id_seq'::regclass);

ALTER TABLE ONLY public.pgqueuer_schedules ALTER COLUMN id SET DEFAULT nextval('public.pgqueuer_schedules_id_seq'::regclass);

ALTER TABLE ONLY public.pgqueuer_statistics ALTER COLUMN id SET DEFAULT nextval('public.pgqueuer_statistics_id_seq'::regclass);

ALTER TABLE ONLY public.announcements
    ADD CONSTRAINT announcements_pkey PRIMARY KEY (call_id, outage_id, number, began_at);

ALTER TABLE ONLY public.api_tokens
    ADD CONSTRAINT api_tokens_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.api_tokens
    ADD CONSTRAINT api_tokens_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.asterisk_entries
    ADD CONSTRAINT asterisk_entries_pkey PRIMARY KEY (node, kind, name);

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.call_cards
    ADD CONSTRAINT call_cards_pkey PRIMARY KEY (call_id);

ALTER TABLE ONLY public.call_events
    ADD CONSTRAINT call_events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.call_tallies
    ADD CONSTRAINT call_tallies_pkey PRIMARY KEY (company_id, first, last);

ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.categories
    ADD CONSTRAINT categories_company_id_code_key UNIQUE (company_id, code);

ALTER TABLE ONLY public.categories
    ADD CONSTRAINT categories_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.companies
    ADD CONSTRAINT companies_name_key UNIQUE (name);

ALTER TABLE ONLY public.companies
    ADD CONSTRAINT companies_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.crew_hours
    ADD CONSTRAINT crew_hours_pkey PRIMARY KEY (crew_id, weekday, opens);

ALTER TABLE ONLY public.crew_links
    ADD CONSTRAINT crew_links_assignment_key UNIQUE (assignment);

ALTER TABLE ONLY public.crew_links
    ADD CONSTRAINT crew_links_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.crew_lists
    ADD CONSTRAINT crew_lists_pkey PRIMARY KEY (list);

ALTER TABLE ONLY public.crew_lists
    ADD CONSTRAINT crew_lists_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.crews
    ADD CONSTRAINT crews_company_id_name_key UNIQUE (company_id, name);

ALTER TABLE ONLY public.crews
    ADD CONSTRAINT crews_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.default_limits
    ADD CONSTRAINT default_limits_pkey PRIMARY KEY (company_id, step);

ALTER TABLE ONLY public.defaults
    ADD CONSTRAINT defaults_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_key_key UNIQUE (key);

ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.directory_uploads
    ADD CONSTRAINT directory_uploads_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.evidence_packs
    ADD CONSTRAINT evidence_packs_object_key_key UNIQUE (object_key);

ALTER TABLE ONLY public.evidence_packs
    ADD CONSTRAINT evidence_packs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.exports
    ADD CONSTRAINT exports_object_key_key UNIQUE (object_key);

ALTER TABLE ONLY public.exports
    ADD CONSTRAINT exports_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.filing_drafts
    ADD CONSTRAINT filing_drafts_pkey PRIMARY KEY (ticket_id, operator_id);

ALTER TABLE ONLY public.further_tickets
    ADD CONSTRAINT further_tickets_pkey PRIMARY KEY (ticket_id, call_id);

ALTER TABLE ONLY public.heartbeats
    ADD CONSTRAINT heartbeats_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.house_companies
    ADD CONSTRAINT house_companies_pkey PRIMARY KEY (house_id, since);

ALTER TABLE ONLY public.houses
    ADD CONSTRAINT houses_company_id_city_street_building_key UNIQUE (company_id, city, street, building);

ALTER TABLE ONLY public.houses
    ADD CONSTRAINT houses_key_key UNIQUE (key);

ALTER TABLE ONLY public.houses
    ADD CONSTRAINT houses_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (token_id, key);

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.joined_calls
    ADD CONSTRAINT joined_calls_pkey PRIMARY KEY (call_id);

ALTER TABLE ONLY public.keeping_requests
    ADD CONSTRAINT keeping_requests_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.keeping_runs
    ADD CONSTRAINT keeping_runs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.keeping_terms
    ADD CONSTRAINT keeping_terms_company_id_kind_key UNIQUE NULLS NOT DISTINCT (company_id, kind);

ALTER TABLE ONLY public.ledger_entries
    ADD CONSTRAINT ledger_entries_pkey PRIMARY KEY (company_id, seq);

ALTER TABLE ONLY public.ledger_heads
    ADD CONSTRAINT ledger_heads_pkey PRIMARY KEY (company_id);

ALTER TABLE ONLY public.legal_holds
    ADD CONSTRAINT legal_holds_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.limits
    ADD CONSTRAINT limits_pkey PRIMARY KEY (category_id, step);

ALTER TABLE ONLY public.login_attempts
    ADD CONSTRAINT login_attempts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.node_configurations
    ADD CONSTRAINT node_configurations_pkey PRIMARY KEY (node);

ALTER TABLE ONLY public.node_disks
    ADD CONSTRAINT node_disks_pkey PRIMARY KEY (node);

ALTER TABLE ONLY public.node_gaps
    ADD CONSTRAINT node_gaps_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.nodes
    ADD CONSTRAINT nodes_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.numbers
    ADD CONSTRAINT numbers_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.open_pages
    ADD CONSTRAINT open_pages_pkey PRIMARY KEY (operator_id);

ALTER TABLE ONLY public.operators
    ADD CONSTRAINT operators_endpoint_key UNIQUE (endpoint);

ALTER TABLE ONLY public.operators
    ADD CONSTRAINT operators_extension_key UNIQUE (extension);

ALTER TABLE ONLY public.operators
    ADD CONSTRAINT operators_login_key UNIQUE (login);

ALTER TABLE ONLY public.operators
    ADD CONSTRAINT operators_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.outage_events
    ADD CONSTRAINT outage_events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.outage_kinds
    ADD CONSTRAINT outage_kinds_pkey PRIMARY KEY (code);

ALTER TABLE ONLY public.outage_notices
    ADD CONSTRAINT outage_notices_key_key UNIQUE (key);

ALTER TABLE ONLY public.outage_notices
    ADD CONSTRAINT outage_notices_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.outage_numbers
    ADD CONSTRAINT outage_numbers_pkey PRIMARY KEY (outage_id, number);

ALTER TABLE ONLY public.outage_places
    ADD CONSTRAINT outage_places_pkey PRIMARY KEY (outage_id, house_id);

ALTER TABLE ONLY public.outage_recipients
    ADD CONSTRAINT outage_recipients_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.outage_recordings
    ADD CONSTRAINT outage_recordings_pkey PRIMARY KEY (outage_id);

ALTER TABLE ONLY public.outages
    ADD CONSTRAINT outages_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.outbound_attempts
    ADD CONSTRAINT outbound_attempts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.outbound_rules
    ADD CONSTRAINT outbound_rules_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pause_reasons
    ADD CONSTRAINT pause_reasons_pkey PRIMARY KEY (code);

ALTER TABLE ONLY public.pause_reasons
    ADD CONSTRAINT pause_reasons_place_key UNIQUE (place) DEFERRABLE;

ALTER TABLE ONLY public.pending_logins
    ADD CONSTRAINT pending_logins_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.pgqueuer_log
    ADD CONSTRAINT pgqueuer_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pgqueuer
    ADD CONSTRAINT pgqueuer_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pgqueuer_schedules
    ADD CONSTRAINT pgqueuer_schedules_expression_entrypoint_key UNIQUE (expression, entrypoint);

ALTER TABLE ONLY public.pgqueuer_schedules
    ADD CONSTRAINT pgqueuer_schedules_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pgqueuer_statistics
    ADD CONSTRAINT pgqueuer_statistics_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.phone_candidates
    ADD CONSTRAINT phone_candidates_pkey PRIMARY KEY (phone, premises_id);

ALTER TABLE ONLY public.planned_calls
    ADD CONSTRAINT planned_calls_pkey PRIMARY KEY (operator_id);

ALTER TABLE ONLY public.premises
    ADD CONSTRAINT premises_house_id_flat_key UNIQUE (house_id, flat);

ALTER TABLE ONLY public.premises
    ADD CONSTRAINT premises_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.presence
    ADD CONSTRAINT presence_pkey PRIMARY KEY (operator_id);

ALTER TABLE ONLY public.push_log
    ADD CONSTRAINT push_log_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.recording_copies
    ADD CONSTRAINT recording_copies_object_key_key UNIQUE (object_key);

ALTER TABLE ONLY public.recording_copies
    ADD CONSTRAINT recording_copies_pkey PRIMARY KEY (recording_id);

ALTER TABLE ONLY public.recording_hashes
    ADD CONSTRAINT recording_hashes_pkey PRIMARY KEY (recording_id);

ALTER TABLE ONLY public.recording_marks
    ADD CONSTRAINT recording_marks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.recording_pauses
    ADD CONSTRAINT recording_pauses_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.recording_pauses
    ADD CONSTRAINT recording_pauses_recording_began_at_key UNIQUE (recording, began_at);

ALTER TABLE ONLY public.recording_plays
    ADD CONSTRAINT recording_plays_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.recordings
    ADD CONSTRAINT recordings_name_key UNIQUE (name);

ALTER TABLE ONLY public.recordings
    ADD CONSTRAINT recordings_object_key_key UNIQUE (object_key);

ALTER TABLE ONLY public.recordings
    ADD CONSTRAINT recordings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (code_hash);

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.resident_phones
    ADD CONSTRAINT resident_phones_pkey PRIMARY KEY (phone, resident_id);

ALTER TABLE ONLY public.residents
    ADD CONSTRAINT residents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.responsibles
    ADD CONSTRAINT responsibles_company_id_name_key UNIQUE (company_id, name);

ALTER TABLE ONLY public.responsibles
    ADD CONSTRAINT responsibles_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.review_lines
    ADD CONSTRAINT review_lines_pkey PRIMARY KEY (review_id, line_id);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.saved_filters
    ADD CONSTRAINT saved_filters_pkey PRIMARY KEY (operator_id, name);

ALTER TABLE ONLY public.schema_files
    ADD CONSTRAINT schema_files_pkey PRIMARY KEY (path);

ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.score_cards
    ADD CONSTRAINT score_cards_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.score_lines
    ADD CONSTRAINT score_lines_card_id_place_key UNIQUE (card_id, place);

ALTER TABLE ONLY public.score_lines
    ADD CONSTRAINT score_lines_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.screens
    ADD CONSTRAINT screens_pkey PRIMARY KEY (audience, kind);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_id_key UNIQUE (id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.share_link_recordings
    ADD CONSTRAINT share_link_recordings_link_id_recording_id_key UNIQUE (link_id, recording_id);

ALTER TABLE ONLY public.share_link_recordings
    ADD CONSTRAINT share_link_recordings_pkey PRIMARY KEY (link_id, place);

ALTER TABLE ONLY public.share_link_uses
    ADD CONSTRAINT share_link_uses_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.share_link_visits
    ADD CONSTRAINT share_link_visits_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.share_links
    ADD CONSTRAINT share_links_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.share_links
    ADD CONSTRAINT share_links_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.sheet_layouts
    ADD CONSTRAINT sheet_layouts_pkey PRIMARY KEY (company_id, headings);

ALTER TABLE ONLY public.stepped_back
    ADD CONSTRAINT stepped_back_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.talks
    ADD CONSTRAINT talks_pkey PRIMARY KEY (recording);

ALTER TABLE ONLY public.tally_hours
    ADD CONSTRAINT tally_hours_pkey PRIMARY KEY (company_id, first, last, hour);

ALTER TABLE ONLY public.tally_operators
    ADD CONSTRAINT tally_operators_pkey PRIMARY KEY (company_id, first, last, operator_id);

ALTER TABLE ONLY public.tally_outcomes
    ADD CONSTRAINT tally_outcomes_pkey PRIMARY KEY (company_id, first, last, outcome);

ALTER TABLE ONLY public.telephone_links
    ADD CONSTRAINT telephone_links_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.ticket_deadlines
    ADD CONSTRAINT ticket_deadlines_pkey PRIMARY KEY (ticket_id, step);

ALTER TABLE ONLY public.ticket_events
    ADD CONSTRAINT ticket_events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ticket_files
    ADD CONSTRAINT ticket_files_object_key_key UNIQUE (object_key);

ALTER TABLE ONLY public.ticket_files
    ADD CONSTRAINT ticket_files_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.tickets
    ADD CONSTRAINT tickets_call_id_key UNIQUE (call_id);

ALTER TABLE ONLY public.tickets
    ADD CONSTRAINT tickets_company_id_number_key UNIQUE (company_id, number);

ALTER TABLE ONLY public.tickets
    ADD CONSTRAINT tickets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.trunk_names
    ADD CONSTRAINT trunk_names_pkey PRIMARY KEY (node, name);

ALTER TABLE ONLY public.trunk_states
    ADD CONSTRAINT trunk_states_pkey PRIMARY KEY (node, trunk);

ALTER TABLE ONLY public.trunks
    ADD CONSTRAINT trunks_name_key UNIQUE (name);

ALTER TABLE ONLY public.trunks
    ADD CONSTRAINT trunks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.unspoken_outages
    ADD CONSTRAINT unspoken_outages_pkey PRIMARY KEY (node, outage_id);

ALTER TABLE ONLY public.unwritten
    ADD CONSTRAINT unwritten_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.waveforms
    ADD CONSTRAINT waveforms_pkey PRIMARY KEY (recording_id);

ALTER TABLE ONLY public.wrap_ups
    ADD CONSTRAINT wrap_ups_pkey PRIMARY KEY (operator_id, began_at);

CREATE INDEX announcements_outage_id_call_id_idx ON public.announcements USING btree (outage_id, call_id);

CREATE INDEX announcements_ticket_id_idx ON public.announcements USING btree (ticket_id);

CREATE INDEX api_tokens_operator_id_idx ON public.api_tokens USING btree (operator_id);

CREATE INDEX audit_log_action_at_idx ON public.audit_log USING btree (action, at DESC);

CREATE INDEX audit_log_at_idx ON public.audit_log USING btree (at DESC);

CREATE INDEX audit_log_coalesce_at_idx ON public.audit_log USING btree (COALESCE(company_id, 0), at) WHERE (address <> ''::text);

CREATE INDEX audit_log_operator_id_at_idx ON public.audit_log USING btree (operator_id, at DESC);

CREATE INDEX audit_log_subject_subject_id_idx ON public.audit_log USING btree (subject, subject_id);

CREATE INDEX call_cards_house_id_idx ON public.call_cards USING btree (house_id);

CREATE INDEX call_cards_operator_id_idx ON public.call_cards USING btree (operator_id);

CREATE INDEX call_cards_premises_id_idx ON public.call_cards USING btree (premises_id);

CREATE INDEX call_cards_resident_id_idx ON public.call_cards USING btree (resident_id);

CREATE UNIQUE INDEX call_events_call_id_seen_at_kind_idx ON public.call_events USING btree (call_id, seen_at, kind);

CREATE INDEX calls_arrived_at_idx ON public.calls USING btree (arrived_at DESC);

CREATE INDEX calls_caller_arrived_at_idx ON public.calls USING btree (caller, arrived_at DESC);

CREATE INDEX calls_caller_tail_idx ON public.calls USING btree (reverse(caller) text_pattern_ops);

CREATE INDEX calls_coalesce_arrived_at_idx ON public.calls USING btree (COALESCE(company_id, 0), arrived_at) WHERE ((forgotten_at IS NULL) AND (state = 'ended'::text));

CREATE INDEX calls_node_arrived_at_idx ON public.calls USING btree (node, arrived_at) WHERE (state <> 'ended'::text);

CREATE INDEX calls_reports ON public.calls USING btree (company_id, arrived_at) INCLUDE (direction, outcome, operator_id, answered_at, wait_s, talk_s, imported) WHERE (state = 'ended'::text);

CREATE INDEX calls_resident_id_idx ON public.calls USING btree (resident_id) WHERE (resident_id IS NOT NULL);

CREATE UNIQUE INDEX companies_outage_page_idx ON public.companies USING btree (outage_page) WHERE (outage_page IS NOT NULL);

CREATE INDEX crew_links_ticket_id_idx ON public.crew_links USING btree (ticket_id);

CREATE INDEX crew_lists_crew_id_idx ON public.crew_lists USING btree (crew_id);

CREATE INDEX crew_lists_made_by_idx ON public.crew_lists USING btree (made_by);

CREATE INDEX deliveries_id_idx ON public.deliveries USING btree (id) WHERE (state = ANY (ARRAY['waiting'::text, 'dead'::text]));

CREATE INDEX deliveries_ticket_id_idx ON public.deliveries USING btree (ticket_id);

CREATE INDEX evidence_packs_id_idx ON public.evidence_packs USING btree (id) WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text]));

CREATE INDEX evidence_packs_ticket_id_id_idx ON public.evidence_packs USING btree (ticket_id, id DESC);

CREATE INDEX exports_id_idx ON public.exports USING btree (id) WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text]));

CREATE INDEX exports_operator_id_id_idx ON public.exports USING btree (operator_id, id DESC);

CREATE INDEX filing_drafts_category_id_idx ON public.filing_drafts USING btree (category_id);

CREATE INDEX filing_drafts_operator_id_saved_at_idx ON public.filing_drafts USING btree (operator_id, saved_at);

CREATE INDEX further_tickets_call_id_idx ON public.further_tickets USING btree (call_id);

CREATE INDEX houses_building_key_idx ON public.houses USING btree (building_key);

CREATE UNIQUE INDEX houses_city_street_building_idx ON public.houses USING btree (city, street, building);

CREATE INDEX houses_company_id_idx ON public.houses USING btree (company_id);

CREATE INDEX houses_loose_key_idx ON public.houses USING btree (loose_key);

CREATE INDEX houses_without_key_idx ON public.houses USING btree (id) WHERE (building_key IS NULL);

CREATE INDEX idempotency_keys_at_idx ON public.idempotency_keys USING btree (at);

CREATE INDEX invitations_operator_id_idx ON public.invitations USING btree (operator_id);

CREATE INDEX joined_calls_operator_id_idx ON public.joined_calls USING btree (operator_id);

CREATE INDEX joined_calls_ticket_id_idx ON public.joined_calls USING btree (ticket_id);

CREATE INDEX keeping_requests_company_id_id_idx ON public.keeping_requests USING btree (company_id, id DESC);

CREATE INDEX keeping_runs_company_id_day_id_idx ON public.keeping_runs USING btree (company_id, day DESC, id DESC);

CREATE UNIQUE INDEX keeping_runs_company_id_idx ON public.keeping_runs USING btree (company_id) NULLS NOT DISTINCT WHERE (finished_at IS NULL);

CREATE INDEX ledger_entries_recording_id_idx ON public.ledger_entries USING btree (recording_id) WHERE (recording_id IS NOT NULL);

CREATE INDEX ledger_entries_ticket_id_idx ON public.ledger_entries USING btree (ticket_id) WHERE (ticket_id IS NOT NULL);

CREATE UNIQUE INDEX legal_holds_ticket_id_idx ON public.legal_holds USING btree (ticket_id) WHERE (released_at IS NULL);

CREATE INDEX login_attempts_at_idx ON public.login_attempts USING btree (at);

CREATE INDEX login_attempts_subject_at_idx ON public.login_attempts USING btree (subject, at);

CREATE INDEX numbers_company_id_idx ON public.numbers USING btree (company_id);

CREATE INDEX outage_events_operator_id_idx ON public.outage_events USING btree (operator_id);

CREATE INDEX outage_events_outage_id_id_idx ON public.outage_events USING btree (outage_id, id);

CREATE INDEX outage_notices_id_idx ON public.outage_notices USING btree (id) WHERE (state = ANY (ARRAY['waiting'::text, 'dead'::text]));

CREATE INDEX outage_notices_outage_id_recipient_id_idx ON public.outage_notices USING btree (outage_id, recipient_id);

CREATE INDEX outage_notices_recipient_id_idx ON public.outage_notices USING btree (recipient_id);

CREATE UNIQUE INDEX outage_numbers_outage_id_caller_idx ON public.outage_numbers USING btree (outage_id, caller) WHERE (caller IS NOT NULL);

CREATE INDEX outage_numbers_outage_id_instead_of_idx ON public.outage_numbers USING btree (outage_id, instead_of) WHERE (instead_of IS NOT NULL);

CREATE UNIQUE INDEX outage_numbers_outage_id_premises_id_idx ON public.outage_numbers USING btree (outage_id, premises_id) WHERE (premises_id IS NOT NULL);

CREATE INDEX outage_numbers_premises_id_idx ON public.outage_numbers USING btree (premises_id);

CREATE INDEX outage_numbers_ticket_id_idx ON public.outage_numbers USING btree (ticket_id);

CREATE INDEX outage_places_house_id_idx ON public.outage_places USING btree (house_id);

CREATE INDEX outage_recipients_company_id_idx ON public.outage_recipients USING btree (company_id);

CREATE INDEX outage_recordings_digest_idx ON public.outage_recordings USING btree (digest);

CREATE INDEX outage_recordings_recorded_by_idx ON public.outage_recordings USING btree (recorded_by);

CREATE INDEX outages_company_id_opened_at_idx ON public.outages USING btree (company_id, opened_at DESC);

CREATE INDEX outages_crew_id_idx ON public.outages USING btree (crew_id);

CREATE INDEX outages_id_idx ON public.outages USING btree (id) WHERE (state <> ALL (ARRAY['closed'::text, 'cancelled'::text]));

CREATE INDEX outages_incident_id_idx ON public.outages USING btree (incident_id);

CREATE INDEX outages_opened_by_idx ON public.outages USING btree (opened_by);

CREATE UNIQUE INDEX outages_suggested_as_idx ON public.outages USING btree (suggested_as) WHERE (state = 'suspected'::text);

CREATE INDEX outbound_attempts_at_idx ON public.outbound_attempts USING btree (at);

CREATE INDEX outbound_attempts_operator_id_idx ON public.outbound_attempts USING btree (operator_id);

CREATE INDEX outbound_attempts_rule_id_at_idx ON public.outbound_attempts USING btree (rule_id, at) WHERE (reason = 'allowed'::text);

CREATE INDEX pending_logins_expires_at_idx ON public.pending_logins USING btree (expires_at);

CREATE INDEX pgqueuer_ep_ea_idx ON public.pgqueuer USING btree (entrypoint, execute_after) WHERE (status = 'queued'::public.pgqueuer_status);

CREATE INDEX pgqueuer_ep_prio_id_idx ON public.pgqueuer USING btree (entrypoint, priority DESC, id) WHERE (status = 'queued'::public.pgqueuer_status);

CREATE INDEX pgqueuer_log_created ON public.pgqueuer_log USING btree (created);

CREATE INDEX pgqueuer_log_job_id_status ON public.pgqueuer_log USING btree (job_id, created DESC);

CREATE INDEX pgqueuer_log_not_aggregated ON public.pgqueuer_log USING btree ((1)) WHERE (NOT aggregated);

CREATE INDEX pgqueuer_log_status ON public.pgqueuer_log USING btree (status);

CREATE INDEX pgqueuer_picked_heartbeat_idx ON public.pgqueuer USING btree (heartbeat) WHERE (status = 'picked'::public.pgqueuer_status);

CREATE UNIQUE INDEX pgqueuer_picked_slot_idx ON public.pgqueuer USING btree (entrypoint, slot) WHERE ((status = 'picked'::public.pgqueuer_status) AND (slot IS NOT NULL));

CREATE INDEX pgqueuer_priority_id_id1_idx ON public.pgqueuer USING btree (priority, id DESC) INCLUDE (id) WHERE (status = 'queued'::public.pgqueuer_status);

CREATE INDEX pgqueuer_queue_manager_id_idx ON public.pgqueuer USING btree (queue_manager_id) WHERE (queue_manager_id IS NOT NULL);

CREATE UNIQUE INDEX pgqueuer_statistics_unique_count ON public.pgqueuer_statistics USING btree (priority, date_trunc('sec'::text, timezone('UTC'::text, created)), status, entrypoint);

CREATE UNIQUE INDEX pgqueuer_unique_dedupe_key ON public.pgqueuer USING btree (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::public.pgqueuer_status, 'picked'::public.pgqueuer_status])) AND (dedupe_key IS NOT NULL));

CREATE INDEX pgqueuer_updated_id_id1_idx ON public.pgqueuer USING btree (updated, id DESC) INCLUDE (id) WHERE (status = 'picked'::public.pgqueuer_status);

CREATE INDEX phone_candidates_call_id_idx ON public.phone_candidates USING btree (call_id);

CREATE INDEX phone_candidates_decided_by_idx ON public.phone_candidates USING btree (decided_by);

CREATE INDEX phone_candidates_premises_id_idx ON public.phone_candidates USING btree (premises_id);

CREATE INDEX planned_calls_ticket_id_idx ON public.planned_calls USING btree (ticket_id);

CREATE INDEX premises_flat_key_idx ON public.premises USING btree (house_id, flat_key);

CREATE INDEX premises_without_key_idx ON public.premises USING btree (id) WHERE (flat_key IS NULL);

CREATE INDEX push_log_at_idx ON public.push_log USING btree (at);

CREATE INDEX recording_hashes_recording_id_idx ON public.recording_hashes USING btree (recording_id) WHERE (problem IS NOT NULL);

CREATE INDEX recording_marks_recording_id_at_s_idx ON public.recording_marks USING btree (recording_id, at_s);

CREATE INDEX recording_marks_to_tsvector_idx ON public.recording_marks USING gin (to_tsvector('russian'::regconfig, comment)) WHERE (removed_at IS NULL);

CREATE INDEX recording_plays_at_id_idx ON public.recording_plays USING btree (at DESC, id DESC);

CREATE INDEX recording_plays_at_id_idx1 ON public.recording_plays USING btree (at DESC, id DESC);

CREATE INDEX recording_plays_recording_id_at_idx ON public.recording_plays USING btree (recording_id, at DESC);

CREATE INDEX recording_plays_recording_id_operator_id_at_idx ON public.recording_plays USING btree (recording_id, operator_id, at);

CREATE INDEX recordings_call_id_idx ON public.recordings USING btree (call_id);

CREATE INDEX recordings_coalesce_idx ON public.recordings USING btree (COALESCE(expected_at, recorded_at));

CREATE INDEX recordings_company_id_expected_at_idx ON public.recordings USING btree (company_id, expected_at);

CREATE INDEX recordings_copy_wanted ON public.recordings USING btree (node, id) WHERE (copy_wanted AND (state = 'attached'::text));

CREATE INDEX recordings_deleted_at_idx ON public.recordings USING btree (deleted_at) WHERE (state = ANY (ARRAY['expired'::text, 'deleted'::text]));

CREATE INDEX recordings_expected_at_idx ON public.recordings USING btree (expected_at);

CREATE INDEX recordings_held ON public.recordings USING btree (id) WHERE held;

CREATE INDEX recordings_newest_idx ON public.recordings USING btree (COALESCE(expected_at, recorded_at) DESC, id DESC);

CREATE INDEX recordings_of_company_idx ON public.recordings USING btree (company_id, COALESCE(expected_at, recorded_at) DESC, id DESC);

CREATE INDEX recordings_recorded_at_idx ON public.recordings USING btree (recorded_at);

CREATE INDEX recordings_retain_until_idx ON public.recordings USING btree (retain_until) WHERE (state = 'attached'::text);

CREATE INDEX recordings_sha256 ON public.recordings USING btree (sha256) WHERE (sha256 IS NOT NULL);

CREATE INDEX recordings_state_idx ON public.recordings USING btree (state) WHERE (state <> 'attached'::text);

CREATE INDEX recordings_ticket_id_idx ON public.recordings USING btree (ticket_id);

CREATE INDEX recordings_to_lock ON public.recordings USING btree (id) WHERE ((state = 'attached'::text) AND ((locked_until IS NULL) OR (locked_until < retain_until)));

CREATE INDEX recovery_codes_operator_id_idx ON public.recovery_codes USING btree (operator_id);

CREATE INDEX requests_asked_at_idx ON public.requests USING btree (asked_at) WHERE (state <> ALL (ARRAY['asked'::text, 'taken'::text]));

CREATE INDEX requests_asked_by_idx ON public.requests USING btree (asked_by);

CREATE INDEX requests_expires_at_idx ON public.requests USING btree (expires_at) WHERE (state = ANY (ARRAY['asked'::text, 'taken'::text]));

CREATE INDEX requests_node_id_idx ON public.requests USING btree (node, id) WHERE (state = ANY (ARRAY['asked'::text, 'taken'::text]));

CREATE INDEX requests_operator_id_idx ON public.requests USING btree (operator_id);

CREATE INDEX resident_phones_resident_id_idx ON public.resident_phones USING btree (resident_id);

CREATE UNIQUE INDEX residents_account_idx ON public.residents USING btree (account) WHERE (account IS NOT NULL);

CREATE INDEX residents_left_at_idx ON public.residents USING btree (left_at) WHERE (left_at IS NOT NULL);

CREATE INDEX residents_premises_id_idx ON public.residents USING btree (premises_id);

CREATE INDEX responsibles_crew_id_idx ON public.responsibles USING btree (crew_id) WHERE (crew_id IS NOT NULL);

CREATE INDEX reviews_card_id_made_at_idx ON public.reviews USING btree (card_id, made_at) WHERE (replaced_at IS NULL);

CREATE INDEX reviews_operator_id_made_at_idx ON public.reviews USING btree (operator_id, made_at DESC) WHERE (replaced_at IS NULL);

CREATE UNIQUE INDEX reviews_recording_id_made_by_idx ON public.reviews USING btree (recording_id, made_by) WHERE (replaced_at IS NULL);

CREATE INDEX reviews_to_tsvector_idx ON public.reviews USING gin (to_tsvector('russian'::regconfig, comment)) WHERE (replaced_at IS NULL);

CREATE INDEX score_cards_company_id_id_idx ON public.score_cards USING btree (company_id, id DESC);

CREATE INDEX sessions_expires_at_idx ON public.sessions USING btree (expires_at);

CREATE INDEX sessions_operator_id_idx ON public.sessions USING btree (operator_id);

CREATE INDEX share_link_uses_at_id_idx ON public.share_link_uses USING btree (at DESC, id DESC) WHERE (kind = ANY (ARRAY['listened'::text, 'original'::text, 'copy'::text]));

CREATE INDEX share_link_uses_link_id_id_idx ON public.share_link_uses USING btree (link_id, id);

CREATE INDEX share_links_ticket_id_id_idx ON public.share_links USING btree (ticket_id, id);

CREATE INDEX talks_began_at_idx ON public.talks USING btree (began_at);

CREATE INDEX talks_call_id_began_at_idx ON public.talks USING btree (call_id, began_at);

CREATE INDEX talks_operator_id_began_at_idx ON public.talks USING btree (operator_id, began_at DESC);

CREATE INDEX telephone_links_operator_id_idx ON public.telephone_links USING btree (operator_id);

CREATE INDEX ticket_deadlines_due_at_idx ON public.ticket_deadlines USING btree (due_at) WHERE (met_at IS NULL);

CREATE INDEX ticket_deadlines_ticket_id_due_at_warn_at_idx ON public.ticket_deadlines USING btree (ticket_id, due_at, warn_at) WHERE (met_at IS NULL);

CREATE INDEX ticket_events_ticket_id_id_idx ON public.ticket_events USING btree (ticket_id, id);

CREATE INDEX ticket_files_ticket_id_idx ON public.ticket_files USING btree (ticket_id);

CREATE INDEX tickets_caller_idx ON public.tickets USING btree (caller) WHERE (state <> ALL (ARRAY['closed'::text, 'cancelled'::text]));

CREATE INDEX tickets_caller_tail_idx ON public.tickets USING btree (reverse(caller) text_pattern_ops);

CREATE INDEX tickets_cancelled_idx ON public.tickets USING btree (opened_at DESC, id DESC) WHERE (state = 'cancelled'::text);

CREATE INDEX tickets_category_id_opened_at_id_idx ON public.tickets USING btree (category_id, opened_at DESC, id DESC) WHERE (category_id IS NOT NULL);

CREATE INDEX tickets_company_id_coalesce_idx ON public.tickets USING btree (company_id, COALESCE(closed_at, updated_at)) WHERE ((forgotten_at IS NULL) AND (state = ANY (ARRAY['closed'::text, 'cancelled'::text])));

CREATE INDEX tickets_company_id_opened_at_id_idx ON public.tickets USING btree (company_id, opened_at DESC, id DESC);

CREATE INDEX tickets_company_id_payment_opened_at_id_idx ON public.tickets USING btree (company_id, payment, opened_at DESC, id DESC) WHERE (payment <> 'none'::text);

CREATE INDEX tickets_contact_phone_tail_idx ON public.tickets USING btree (reverse(contact_phone) text_pattern_ops);

CREATE INDEX tickets_crew_id_opened_at_id_idx ON public.tickets USING btree (crew_id, opened_at DESC, id DESC) WHERE (crew_id IS NOT NULL);

CREATE INDEX tickets_crew_said_at_idx ON public.tickets USING btree (crew_said_at) WHERE (crew_said IS NOT NULL);

CREATE INDEX tickets_house_id_opened_at_id_idx ON public.tickets USING btree (house_id, opened_at DESC, id DESC) WHERE (house_id IS NOT NULL);

CREATE INDEX tickets_incident_idx ON public.tickets USING btree (parent_id, number) WHERE (parent_id IS NOT NULL);

CREATE INDEX tickets_merged_into_idx ON public.tickets USING btree (merged_into) WHERE (merged_into IS NOT NULL);

CREATE INDEX tickets_number_idx ON public.tickets USING btree (number);

CREATE INDEX tickets_open_caller_idx ON public.tickets USING btree (caller) WHERE (state <> ALL (ARRAY['closed'::text, 'cancelled'::text]));

CREATE INDEX tickets_open_idx ON public.tickets USING btree (opened_at DESC, id DESC) INCLUDE (company_id, crew_id) WHERE (state <> ALL (ARRAY['closed'::text, 'cancelled'::text]));

CREATE INDEX tickets_open_premises_idx ON public.tickets USING btree (premises_id) WHERE ((state <> ALL (ARRAY['closed'::text, 'cancelled'::text])) AND (premises_id IS NOT NULL));

CREATE INDEX tickets_opened_at_id_idx ON public.tickets USING btree (opened_at DESC, id DESC);

CREATE INDEX tickets_operator_id_opened_at_id_idx ON public.tickets USING btree (operator_id, opened_at DESC, id DESC) WHERE (operator_id IS NOT NULL);

CREATE INDEX tickets_payment_idx ON public.tickets USING btree (opened_at DESC, id DESC) WHERE (payment <> 'none'::text);

CREATE INDEX tickets_payment_opened_at_id_idx ON public.tickets USING btree (payment, opened_at DESC, id DESC) WHERE (payment <> 'none'::text);

CREATE INDEX tickets_premises_id_idx ON public.tickets USING btree (premises_id) WHERE (state <> ALL (ARRAY['closed'::text, 'cancelled'::text]));

CREATE INDEX tickets_reactions ON public.tickets USING btree (category_id, opened_at) INCLUDE (company_id, house_id, crew_id, accepted_at, localised_at, done_at) WHERE ((state <> 'cancelled'::text) AND (category_id IS NOT NULL));

CREATE INDEX tickets_reports ON public.tickets USING btree (company_id, opened_at) INCLUDE (state, category_id, late_from, closed_at, payment, price);

CREATE INDEX tickets_resident_id_idx ON public.tickets USING btree (resident_id) WHERE (resident_id IS NOT NULL);

CREATE INDEX tickets_search_weeks_idx ON public.tickets USING gin (search, (ARRAY[((((opened_at AT TIME ZONE 'UTC'::text))::date - '2000-01-01'::date) / 28)]));

CREATE INDEX tickets_waiting_since_idx ON public.tickets USING btree (waiting_since) WHERE (waiting_since IS NOT NULL);

CREATE INDEX trunks_node_idx ON public.trunks USING btree (node);

CREATE INDEX unspoken_outages_outage_id_idx ON public.unspoken_outages USING btree (outage_id);

CREATE INDEX wrap_ups_call_id_idx ON public.wrap_ups USING btree (call_id);

CREATE STATISTICS public.tickets_of_company (dependencies) ON company_id, house_id, category_id, crew_id FROM public.tickets;

CREATE TRIGGER chained AFTER INSERT ON public.evidence_packs FOR EACH ROW EXECUTE FUNCTION public.chain_pack();

CREATE TRIGGER chained AFTER INSERT OR UPDATE OF released_at ON public.legal_holds FOR EACH ROW EXECUTE FUNCTION public.chain_hold();

CREATE TRIGGER chained AFTER INSERT OR UPDATE OF made_at ON public.recording_copies FOR EACH ROW WHEN ((new.object_key IS NOT NULL)) EXECUTE FUNCTION public.on_copy();

CREATE TRIGGER chained AFTER INSERT ON public.recording_plays FOR EACH ROW EXECUTE FUNCTION public.chain_play();

CREATE TRIGGER chained AFTER UPDATE OF state, ticket_id, company_id ON public.recordings FOR EACH ROW WHEN (((old.state IS DISTINCT FROM new.state) OR (old.ticket_id IS DISTINCT FROM new.ticket_id) OR ((old.company_id IS NULL) AND (new.company_id IS NOT NULL)))) EXECUTE FUNCTION public.on_recording();

CREATE TRIGGER chained AFTER INSERT ON public.share_link_uses FOR EACH ROW WHEN ((new.kind = ANY (ARRAY['listened'::text, 'original'::text, 'copy'::text]))) EXECUTE FUNCTION public.chain_link_use();

CREATE TRIGGER chained AFTER INSERT ON public.share_links FOR EACH ROW EXECUTE FUNCTION public.chain_link();

CREATE TRIGGER chained_at_end AFTER UPDATE OF state ON public.evidence_packs FOR EACH ROW WHEN (((old.state <> new.state) AND (new.state = ANY (ARRAY['ready'::text, 'failed'::text])))) EXECUTE FUNCTION public.chain_pack();

CREATE TRIGGER chained_at_end AFTER UPDATE OF revoked_at ON public.share_links FOR EACH ROW WHEN (((old.revoked_at IS NULL) AND (new.revoked_at IS NOT NULL))) EXECUTE FUNCTION public.chain_link();

CREATE TRIGGER chained_at_once AFTER INSERT ON public.recordings FOR EACH ROW WHEN ((new.state <> 'expected'::text)) EXECUTE FUNCTION public.on_recording();

CREATE TRIGGER default_categories AFTER INSERT ON public.companies FOR EACH ROW EXECUTE FUNCTION public.new_company();

CREATE TRIGGER end_pauses AFTER UPDATE ON public.talks FOR EACH ROW WHEN (((old.ended_at IS NULL) AND (new.ended_at IS NOT NULL))) EXECUTE FUNCTION public.end_pauses();

CREATE TRIGGER flat_key BEFORE UPDATE OF flat ON public.premises FOR EACH ROW WHEN ((old.flat IS DISTINCT FROM new.flat)) EXECUTE FUNCTION public.forget_flat_key();

CREATE TRIGGER house_history AFTER INSERT OR UPDATE OF company_id ON public.houses FOR EACH ROW EXECUTE FUNCTION public.keep_house_history();

CREATE TRIGGER house_key BEFORE UPDATE OF city, street, building ON public.houses FOR EACH ROW EXECUTE FUNCTION public.forget_house_key();

CREATE TRIGGER keep_wrap_up AFTER UPDATE ON public.screens FOR EACH ROW WHEN (((old.kind = 'presence'::text) AND ((old.body ->> 'state'::text) = 'wrap_up'::text) AND ((new.body ->> 'state'::text) <> 'wrap_up'::text))) EXECUTE FUNCTION public.keep_wrap_up();

CREATE TRIGGER late_call AFTER INSERT ON public.calls FOR EACH ROW WHEN (((new.arrived_at < (now() - '12:00:00'::interval)) AND (new.state = 'ended'::text) AND (NOT new.imported))) EXECUTE FUNCTION public.untally_call();

CREATE TRIGGER late_talk AFTER INSERT ON public.talks FOR EACH ROW WHEN ((new.began_at < (now() - '12:00:00'::interval))) EXECUTE FUNCTION public.untally_talk();

CREATE TRIGGER late_wrap_up AFTER INSERT ON public.wrap_ups FOR EACH ROW WHEN ((new.began_at < (now() - '12:00:00'::interval))) EXECUTE FUNCTION public.untally_talk();

CREATE TRIGGER later_call AFTER UPDATE ON public.calls FOR EACH ROW WHEN (((LEAST(old.arrived_at, new.arrived_at) < (now() - '12:00:00'::interval)) AND ((old.company_id IS DISTINCT FROM new.company_id) OR (old.arrived_at IS DISTINCT FROM new.arrived_at) OR (old.answered_at IS DISTINCT FROM new.answered_at) OR (old.state IS DISTINCT FROM new.state) OR (old.outcome IS DISTINCT FROM new.outcome) OR (old.direction IS DISTINCT FROM new.direction) OR (old.imported IS DISTINCT FROM new.imported) OR (old.wait_s IS DISTINCT FROM new.wait_s) OR (old.talk_s IS DISTINCT FROM new.talk_s)))) EXECUTE FUNCTION public.untally_call();

CREATE TRIGGER later_talk AFTER UPDATE ON public.talks FOR EACH ROW WHEN (((new.began_at < (now() - '12:00:00'::interval)) AND ((old.operator_id IS DISTINCT FROM new.operator_id) OR (old.kind IS DISTINCT FROM new.kind) OR (old.began_at IS DISTINCT FROM new.began_at) OR (old.ended_at IS DISTINCT FROM new.ended_at)))) EXECUTE FUNCTION public.untally_talk();

CREATE TRIGGER only_added BEFORE DELETE OR UPDATE ON public.ledger_entries FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER other_days AFTER UPDATE ON public.companies FOR EACH ROW WHEN ((old.zone <> new.zone)) EXECUTE FUNCTION public.untally_company();

CREATE TRIGGER outage_kinds AFTER INSERT OR UPDATE ON public.defaults FOR EACH ROW WHEN ((new.name = 'outage_kinds'::text)) EXECUTE FUNCTION public.keep_outage_kinds();

CREATE TRIGGER tg_pgqueuer_changed AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.pgqueuer FOR EACH STATEMENT EXECUTE FUNCTION public.fn_pgqueuer_changed();

CREATE TRIGGER times AFTER INSERT OR DELETE OR UPDATE OF due_at, met_at, held_at ON public.ticket_deadlines FOR EACH ROW EXECUTE FUNCTION public.keep_ticket_times();

CREATE TRIGGER told AFTER UPDATE OF language ON public.companies FOR EACH STATEMENT EXECUTE FUNCTION public.tell_nodes();

CREATE TRIGGER told AFTER INSERT OR DELETE OR UPDATE ON public.numbers FOR EACH STATEMENT EXECUTE FUNCTION public.tell_nodes();

CREATE TRIGGER told AFTER INSERT OR DELETE OR UPDATE OF endpoint, sip_secret, sip_version, extension, active, node ON public.operators FOR EACH STATEMENT EXECUTE FUNCTION public.tell_nodes();

CREATE TRIGGER told AFTER UPDATE OF addresses ON public.trunk_names FOR EACH STATEMENT EXECUTE FUNCTION public.tell_nodes();

CREATE TRIGGER told AFTER INSERT OR DELETE OR UPDATE ON public.trunks FOR EACH STATEMENT EXECUTE FUNCTION public.tell_nodes();

CREATE TRIGGER told_opened AFTER INSERT ON public.tickets FOR EACH ROW WHEN ((new.call_id IS NOT NULL)) EXECUTE FUNCTION public.tell_opened();

CREATE TRIGGER words BEFORE UPDATE OF number, house_id, premises_id, resident_id, contact_name, contact_phone, subject, description ON public.tickets FOR EACH ROW EXECUTE FUNCTION public.keep_ticket_words();

CREATE CONSTRAINT TRIGGER words_of_ended AFTER INSERT OR UPDATE OF state ON public.calls DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.outcome = 'answered'::text)) EXECUTE FUNCTION public.words_of_ended_call();

CREATE TRIGGER words_of_new BEFORE INSERT ON public.tickets FOR EACH ROW WHEN ((new.call_id IS NULL)) EXECUTE FUNCTION public.keep_ticket_words();

ALTER TABLE ONLY public.announcements
    ADD CONSTRAINT announcements_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.tickets(id);

ALTER TABLE ONLY public.api_tokens
    ADD CONSTRAINT api_tokens_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.asterisk_entries
    ADD CONSTRAINT asterisk_entries_node_fkey FOREIGN KEY (node) REFERENCES public.nodes(name) ON DELETE CASCADE;

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id);

ALTER TABLE ONLY public.call_cards
    ADD CONSTRAINT call_cards_house_id_fkey FOREIGN KEY (house_id) REFERENCES public.houses(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.call_cards
    ADD CONSTRAINT call_cards_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.call_cards
    ADD CONSTRAINT call_cards_premises_id_fkey FOREIGN KEY (premises_id) REFERENCES public.premises(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.call_cards
    ADD CONSTRAINT call_cards_resident_id_fkey FOREIGN KEY (resident_id) REFERENCES public.residents(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.call_events
    ADD CONSTRAINT call_events_call_id_fkey FOREIGN KEY (call_id) REFERENCES public.calls(id);

ALTER TABLE ONLY public.call_tallies
    ADD CONSTRAINT call_tallies_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_node_fkey FOREIGN KEY (node) REFERENCES public.nodes(name);

ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id);

ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_resident_id_fkey FOREIGN KEY (resident_id) REFERENCES public.residents(id);

ALTER TABLE ONLY public.categories
    ADD CONSTRAINT categories_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.crew_hours
    ADD CONSTRAINT crew_hours_crew_id_fkey FOREIGN KEY (crew_id) REFERENCES public.crews(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.crew_links
    ADD CONSTRAINT crew_links_crew_id_fkey FOREIGN KEY (crew_id) REFERENCES public.crews(id);

ALTER TABLE ONLY public.crew_links
    ADD CONSTRAINT crew_links_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.tickets(id);

ALTER TABLE ONLY public.crew_lists
    ADD CONSTRAINT crew_lists_crew_id_fkey FOREIGN KEY (crew_id) REFERENCES public.crews(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.crew_lists
    ADD CONSTRAINT crew_lists_made_by_fkey FOREIGN KEY (made_by) REFERENCES public.operators(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.crews
    ADD CONSTRAINT crews_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.default_limits
    ADD CONSTRAINT default_limits_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_crew_id_fkey FOREIGN KEY (crew_id) REFERENCES public.crews(id);

ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.tickets(id);

ALTER TABLE ONLY public.directory_uploads
    ADD CONSTRAINT directory_uploads_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.evidence_packs
    ADD CONSTRAINT evidence_packs_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.evidence_packs
    ADD CONSTRAINT evidence_packs_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id);

ALTER TABLE ONLY public.evidence_packs
    ADD CONSTRAINT evidence_packs_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.tickets(id);

ALTER TABLE ONLY public.exports
    ADD CONSTRAINT exports_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.exports
    ADD CONSTRAINT exports_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.filing_drafts
    ADD CONSTRAINT filing_drafts_category_id_fkey FOREIGN KEY (category_id) REFERENCES public.categories(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.filing_drafts
    ADD CONSTRAINT filing_drafts_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.filing_drafts
    ADD CONSTRAINT filing_drafts_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.tickets(id);

ALTER TABLE ONLY public.further_tickets
    ADD CONSTRAINT further_tickets_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.tickets(id);

ALTER TABLE ONLY public.house_companies
    ADD CONSTRAINT house_companies_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.house_companies
    ADD CONSTRAINT house_companies_house_id_fkey FOREIGN KEY (house_id) REFERENCES public.houses(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.houses
    ADD CONSTRAINT houses_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_token_id_fkey FOREIGN KEY (token_id) REFERENCES public.api_tokens(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.joined_calls
    ADD CONSTRAINT joined_calls_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.joined_calls
    ADD CONSTRAINT joined_calls_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.tickets(id);

ALTER TABLE ONLY public.keeping_requests
    ADD CONSTRAINT keeping_requests_asked_by_fkey FOREIGN KEY (asked_by) REFERENCES public.operators(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.keeping_requests
    ADD CONSTRAINT keeping_requests_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.keeping_runs
    ADD CONSTRAINT keeping_runs_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.keeping_terms
    ADD CONSTRAINT keeping_terms_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.keeping_terms
    ADD CONSTRAINT keeping_terms_set_by_fkey FOREIGN KEY (set_by) REFERENCES public.operators(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.ledger_entries
    ADD CONSTRAINT ledger_entries_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.ledger_heads
    ADD CONSTRAINT ledger_heads_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.legal_holds
    ADD CONSTRAINT legal_holds_placed_by_fkey FOREIGN KEY (placed_by) REFERENCES public.operators(id);

ALTER TABLE ONLY public.legal_holds
    ADD CONSTRAINT legal_holds_released_by_fkey FOREIGN KEY (released_by) REFERENCES public.operators(id);

ALTER TABLE ONLY public.legal_holds
    ADD CONSTRAINT legal_holds_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.tickets(id);

ALTER TABLE ONLY public.limits
    ADD CONSTRAINT limits_category_id_fkey FOREIGN KEY (category_id) REFERENCES public.categories(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.node_configurations
    ADD CONSTRAINT node_configurations_node_fkey FOREIGN KEY (node) REFERENCES public.nodes(name) ON DELETE CASCADE;

ALTER TABLE ONLY public.node_disks
    ADD CONSTRAINT node_disks_node_fkey FOREIGN KEY (node) REFERENCES public.nodes(name);

ALTER TABLE ONLY public.node_gaps
    ADD CONSTRAINT node_gaps_node_fkey FOREIGN KEY (node) REFERENCES public.nodes(name);

ALTER TABLE ONLY public.numbers
    ADD CONSTRAINT numbers_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.open_pages
    ADD CONSTRAINT open_pages_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.operators
    ADD CONSTRAINT operators_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.operators
    ADD CONSTRAINT operators_crew_id_fkey FOREIGN KEY (crew_id) REFERENCES public.crews(id);

ALTER TABLE ONLY public.operators
    ADD CONSTRAINT operators_node_fkey FOREIGN KEY (node) REFERENCES public.nodes(name);

ALTER TABLE ONLY public.outage_events
    ADD CONSTRAINT outage_events_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.outage_events
    ADD CONSTRAINT outage_events_outage_id_fkey FOREIGN KEY (outage_id) REFERENCES public.outages(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.outage_notices
    ADD CONSTRAINT outage_notices_outage_id_fkey FOREIGN KEY (outage_id) REFERENCES public.outages(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.outage_notices
    ADD CONSTRAINT outage_notices_recipient_id_fkey FOREIGN KEY (recipient_id) REFERENCES public.outage_recipients(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.outage_numbers
    ADD CONSTRAINT outage_numbers_outage_id_fkey FOREIGN KEY (outage_id) REFERENCES public.outages(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.outage_numbers
    ADD CONSTRAINT outage_numbers_premises_id_fkey FOREIGN KEY (premises_id) REFERENCES public.premises(id);

ALTER TABLE ONLY public.outage_numbers
    ADD CONSTRAINT outage_numbers_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.tickets(id);

ALTER TABLE ONLY public.outage_places
    ADD CONSTRAINT outage_places_house_id_fkey FOREIGN KEY (house_id) REFERENCES public.houses(id);

ALTER TABLE ONLY public.outage_places
    ADD CONSTRAINT outage_places_outage_id_fkey FOREIGN KEY (outage_id) REFERENCES public.outages(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.outage_recipients
    ADD CONSTRAINT outage_recipients_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.outage_recordings
    ADD CONSTRAINT outage_recordings_outage_id_fkey FOREIGN KEY (outage_id) REFERENCES public.outages(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.outage_recordings
    ADD CONSTRAINT outage_recordings_recorded_by_fkey FOREIGN KEY (recorded_by) REFERENCES public.operators(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.outages
    ADD CONSTRAINT outages_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.outages
    ADD CONSTRAINT outages_crew_id_fkey FOREIGN KEY (crew_id) REFERENCES public.crews(id);

ALTER TABLE ONLY public.outages
    ADD CONSTRAINT outages_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.tickets(id);

ALTER TABLE ONLY public.outages
    ADD CONSTRAINT outages_kind_fkey FOREIGN KEY (kind) REFERENCES public.outage_kinds(code);

ALTER TABLE ONLY public.outages
    ADD CONSTRAINT outages_opened_by_fkey FOREIGN KEY (opened_by) REFERENCES public.operators(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.outbound_attempts
    ADD CONSTRAINT outbound_attempts_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.outbound_attempts
    ADD CONSTRAINT outbound_attempts_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES public.outbound_rules(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.pending_logins
    ADD CONSTRAINT pending_logins_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.phone_candidates
    ADD CONSTRAINT phone_candidates_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES public.operators(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.phone_candidates
    ADD CONSTRAINT phone_candidates_premises_id_fkey FOREIGN KEY (premises_id) REFERENCES public.premises(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.planned_calls
    ADD CONSTRAINT planned_calls_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.planned_calls
    ADD CONSTRAINT planned_calls_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.tickets(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.premises
    ADD CONSTRAINT premises_house_id_fkey FOREIGN KEY (house_id) REFERENCES public.houses(id);

ALTER TABLE ONLY public.presence
    ADD CONSTRAINT presence_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.recording_copies
    ADD CONSTRAINT recording_copies_recording_id_fkey FOREIGN KEY (recording_id) REFERENCES public.recordings(id);

ALTER TABLE ONLY public.recording_hashes
    ADD CONSTRAINT recording_hashes_recording_id_fkey FOREIGN KEY (recording_id) REFERENCES public.recordings(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.recording_marks
    ADD CONSTRAINT recording_marks_made_by_fkey FOREIGN KEY (made_by) REFERENCES public.operators(id);

ALTER TABLE ONLY public.recording_marks
    ADD CONSTRAINT recording_marks_recording_id_fkey FOREIGN KEY (recording_id) REFERENCES public.recordings(id);

ALTER TABLE ONLY public.recording_marks
    ADD CONSTRAINT recording_marks_removed_by_fkey FOREIGN KEY (removed_by) REFERENCES public.operators(id);

ALTER TABLE ONLY public.recording_pauses
    ADD CONSTRAINT recording_pauses_call_id_fkey FOREIGN KEY (call_id) REFERENCES public.calls(id);

ALTER TABLE ONLY public.recording_pauses
    ADD CONSTRAINT recording_pauses_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id);

ALTER TABLE ONLY public.recording_plays
    ADD CONSTRAINT recording_plays_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id);

ALTER TABLE ONLY public.recording_plays
    ADD CONSTRAINT recording_plays_recording_id_fkey FOREIGN KEY (recording_id) REFERENCES public.recordings(id);

ALTER TABLE ONLY public.recordings
    ADD CONSTRAINT recordings_call_id_fkey FOREIGN KEY (call_id) REFERENCES public.calls(id);

ALTER TABLE ONLY public.recordings
    ADD CONSTRAINT recordings_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.recordings
    ADD CONSTRAINT recordings_node_fkey FOREIGN KEY (node) REFERENCES public.nodes(name);

ALTER TABLE ONLY public.recordings
    ADD CONSTRAINT recordings_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.tickets(id);

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_asked_by_fkey FOREIGN KEY (asked_by) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_node_fkey FOREIGN KEY (node) REFERENCES public.nodes(name);

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.resident_phones
    ADD CONSTRAINT resident_phones_resident_id_fkey FOREIGN KEY (resident_id) REFERENCES public.residents(id);

ALTER TABLE ONLY public.residents
    ADD CONSTRAINT residents_premises_id_fkey FOREIGN KEY (premises_id) REFERENCES public.premises(id);

ALTER TABLE ONLY public.responsibles
    ADD CONSTRAINT responsibles_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.responsibles
    ADD CONSTRAINT responsibles_crew_id_fkey FOREIGN KEY (crew_id) REFERENCES public.crews(id);

ALTER TABLE ONLY public.review_lines
    ADD CONSTRAINT review_lines_line_id_fkey FOREIGN KEY (line_id) REFERENCES public.score_lines(id);

ALTER TABLE ONLY public.review_lines
    ADD CONSTRAINT review_lines_review_id_fkey FOREIGN KEY (review_id) REFERENCES public.reviews(id);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_card_id_fkey FOREIGN KEY (card_id) REFERENCES public.score_cards(id);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_made_by_fkey FOREIGN KEY (made_by) REFERENCES public.operators(id);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_recording_id_fkey FOREIGN KEY (recording_id) REFERENCES public.recordings(id);

ALTER TABLE ONLY public.saved_filters
    ADD CONSTRAINT saved_filters_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.score_cards
    ADD CONSTRAINT score_cards_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.score_cards
    ADD CONSTRAINT score_cards_made_by_fkey FOREIGN KEY (made_by) REFERENCES public.operators(id);

ALTER TABLE ONLY public.score_lines
    ADD CONSTRAINT score_lines_card_id_fkey FOREIGN KEY (card_id) REFERENCES public.score_cards(id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.share_link_recordings
    ADD CONSTRAINT share_link_recordings_link_id_fkey FOREIGN KEY (link_id) REFERENCES public.share_links(id);

ALTER TABLE ONLY public.share_link_recordings
    ADD CONSTRAINT share_link_recordings_recording_id_fkey FOREIGN KEY (recording_id) REFERENCES public.recordings(id);

ALTER TABLE ONLY public.share_link_uses
    ADD CONSTRAINT share_link_uses_link_id_fkey FOREIGN KEY (link_id) REFERENCES public.share_links(id);

ALTER TABLE ONLY public.share_link_visits
    ADD CONSTRAINT share_link_visits_link_id_fkey FOREIGN KEY (link_id) REFERENCES public.share_links(id);

ALTER TABLE ONLY public.share_links
    ADD CONSTRAINT share_links_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.share_links
    ADD CONSTRAINT share_links_made_by_fkey FOREIGN KEY (made_by) REFERENCES public.operators(id);

ALTER TABLE ONLY public.share_links
    ADD CONSTRAINT share_links_revoked_by_fkey FOREIGN KEY (revoked_by) REFERENCES public.operators(id);

ALTER TABLE ONLY public.share_links
    ADD CONSTRAINT share_links_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.tickets(id);

ALTER TABLE ONLY public.sheet_layouts
    ADD CONSTRAINT sheet_layouts_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.talks
    ADD CONSTRAINT talks_call_id_fkey FOREIGN KEY (call_id) REFERENCES public.calls(id);

ALTER TABLE ONLY public.talks
    ADD CONSTRAINT talks_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id);

ALTER TABLE ONLY public.tally_hours
    ADD CONSTRAINT tally_hours_company_id_first_last_fkey FOREIGN KEY (company_id, first, last) REFERENCES public.call_tallies(company_id, first, last) ON DELETE CASCADE;

ALTER TABLE ONLY public.tally_operators
    ADD CONSTRAINT tally_operators_company_id_first_last_fkey FOREIGN KEY (company_id, first, last) REFERENCES public.call_tallies(company_id, first, last) ON DELETE CASCADE;

ALTER TABLE ONLY public.tally_operators
    ADD CONSTRAINT tally_operators_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id);

ALTER TABLE ONLY public.tally_outcomes
    ADD CONSTRAINT tally_outcomes_company_id_first_last_fkey FOREIGN KEY (company_id, first, last) REFERENCES public.call_tallies(company_id, first, last) ON DELETE CASCADE;

ALTER TABLE ONLY public.telephone_links
    ADD CONSTRAINT telephone_links_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.ticket_deadlines
    ADD CONSTRAINT ticket_deadlines_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.tickets(id);

ALTER TABLE ONLY public.ticket_events
    ADD CONSTRAINT ticket_events_crew_id_fkey FOREIGN KEY (crew_id) REFERENCES public.crews(id);

ALTER TABLE ONLY public.ticket_events
    ADD CONSTRAINT ticket_events_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id);

ALTER TABLE ONLY public.ticket_events
    ADD CONSTRAINT ticket_events_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.tickets(id);

ALTER TABLE ONLY public.ticket_files
    ADD CONSTRAINT ticket_files_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.tickets(id);

ALTER TABLE ONLY public.tickets
    ADD CONSTRAINT tickets_call_id_fkey FOREIGN KEY (call_id) REFERENCES public.calls(id);

ALTER TABLE ONLY public.tickets
    ADD CONSTRAINT tickets_category_id_fkey FOREIGN KEY (category_id) REFERENCES public.categories(id);

ALTER TABLE ONLY public.tickets
    ADD CONSTRAINT tickets_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.companies(id);

ALTER TABLE ONLY public.tickets
    ADD CONSTRAINT tickets_crew_id_fkey FOREIGN KEY (crew_id) REFERENCES public.crews(id);

ALTER TABLE ONLY public.tickets
    ADD CONSTRAINT tickets_house_id_fkey FOREIGN KEY (house_id) REFERENCES public.houses(id);

ALTER TABLE ONLY public.tickets
    ADD CONSTRAINT tickets_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES public.tickets(id);

ALTER TABLE ONLY public.tickets
    ADD CONSTRAINT tickets_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id);

ALTER TABLE ONLY public.tickets
    ADD CONSTRAINT tickets_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.tickets(id);

ALTER TABLE ONLY public.tickets
    ADD CONSTRAINT tickets_premises_id_fkey FOREIGN KEY (premises_id) REFERENCES public.premises(id);

ALTER TABLE ONLY public.tickets
    ADD CONSTRAINT tickets_resident_id_fkey FOREIGN KEY (resident_id) REFERENCES public.residents(id);

ALTER TABLE ONLY public.tickets
    ADD CONSTRAINT tickets_responsible_id_fkey FOREIGN KEY (responsible_id) REFERENCES public.responsibles(id);

ALTER TABLE ONLY public.trunk_names
    ADD CONSTRAINT trunk_names_node_fkey FOREIGN KEY (node) REFERENCES public.nodes(name) ON DELETE CASCADE;

ALTER TABLE ONLY public.trunk_states
    ADD CONSTRAINT trunk_states_node_fkey FOREIGN KEY (node) REFERENCES public.nodes(name) ON DELETE CASCADE;

ALTER TABLE ONLY public.trunks
    ADD CONSTRAINT trunks_node_fkey FOREIGN KEY (node) REFERENCES public.nodes(name);

ALTER TABLE ONLY public.unspoken_outages
    ADD CONSTRAINT unspoken_outages_outage_id_fkey FOREIGN KEY (outage_id) REFERENCES public.outages(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.waveforms
    ADD CONSTRAINT waveforms_recording_id_fkey FOREIGN KEY (recording_id) REFERENCES public.recordings(id);

ALTER TABLE ONLY public.wrap_ups
    ADD CONSTRAINT wrap_ups_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id);

ALTER TABLE public.announcements ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.api_tokens ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.asterisk_entries ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.audit_log ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.call_cards ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.call_events ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.call_tallies ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.calls ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.categories ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.companies ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.crew_hours ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.crew_lists ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.crews ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.default_limits ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.deliveries ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.evidence_packs ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.exports ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.filing_drafts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.further_tickets ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.heartbeats ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.house_companies ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.houses ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.idempotency_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.joined_calls ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.keeping_requests ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.keeping_runs ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.keeping_terms ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ledger_entries ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ledger_heads ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.legal_holds ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.limits ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.node_configurations ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.numbers ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.open_pages ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.operators ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.outage_events ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.outage_notices ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.outage_numbers ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.outage_places ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.outage_recipients ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.outage_recordings ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.outages ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.outbound_attempts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.outbound_rules ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON public.announcements TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.outages o
  WHERE (o.id = announcements.outage_id))));

CREATE POLICY own ON public.api_tokens FOR SELECT TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.operators o
  WHERE ((o.id = api_tokens.operator_id) AND (o.company_id = public.my_company())))));

CREATE POLICY own ON public.audit_log FOR INSERT TO callcenter_company WITH CHECK (((company_id IS NULL) OR (company_id = public.my_company())));

CREATE POLICY own ON public.call_cards TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.calls c
  WHERE (c.id = call_cards.call_id))));

CREATE POLICY own ON public.call_events TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.calls c
  WHERE (c.id = call_events.call_id))));

CREATE POLICY own ON public.call_tallies TO callcenter_company USING ((company_id = ( SELECT public.my_company() AS my_company)));

CREATE POLICY own ON public.calls TO callcenter_company USING ((company_id = public.my_company()));

CREATE POLICY own ON public.categories TO callcenter_company USING ((company_id = public.my_company()));

CREATE POLICY own ON public.companies TO callcenter_company USING ((id = public.my_company()));

CREATE POLICY own ON public.crew_hours TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.crews c
  WHERE (c.id = crew_hours.crew_id))));

CREATE POLICY own ON public.crews TO callcenter_company USING ((company_id = public.my_company()));

CREATE POLICY own ON public.default_limits TO callcenter_company USING ((company_id = public.my_company()));

CREATE POLICY own ON public.deliveries TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.tickets t
  WHERE (t.id = deliveries.ticket_id))));

CREATE POLICY own ON public.evidence_packs TO callcenter_company USING ((company_id = public.my_company()));

CREATE POLICY own ON public.exports TO callcenter_company USING ((company_id = public.my_company()));

CREATE POLICY own ON public.further_tickets TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.tickets t
  WHERE (t.id = further_tickets.ticket_id))));

CREATE POLICY own ON public.house_companies TO callcenter_company USING ((company_id = public.my_company()));

CREATE POLICY own ON public.houses TO callcenter_company USING ((company_id = public.my_company()));

CREATE POLICY own ON public.idempotency_keys FOR INSERT TO callcenter_company WITH CHECK ((EXISTS ( SELECT
   FROM public.api_tokens t
  WHERE (t.id = idempotency_keys.token_id))));

CREATE POLICY own ON public.joined_calls TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.tickets t
  WHERE (t.id = joined_calls.ticket_id))));

CREATE POLICY own ON public.ledger_entries TO callcenter_company USING ((company_id = public.my_company()));

CREATE POLICY own ON public.ledger_heads TO callcenter_company USING ((company_id = public.my_company()));

CREATE POLICY own ON public.legal_holds TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.tickets t
  WHERE (t.id = legal_holds.ticket_id))));

CREATE POLICY own ON public.limits TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.categories c
  WHERE (c.id = limits.category_id))));

CREATE POLICY own ON public.numbers TO callcenter_company USING ((company_id = public.my_company()));

CREATE POLICY own ON public.operators TO callcenter_company USING (((company_id IS NULL) OR (company_id = public.my_company())));

CREATE POLICY own ON public.outage_events TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.outages o
  WHERE (o.id = outage_events.outage_id))));

CREATE POLICY own ON public.outage_notices TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.outages o
  WHERE (o.id = outage_notices.outage_id))));

CREATE POLICY own ON public.outage_numbers TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.outages o
  WHERE (o.id = outage_numbers.outage_id))));

CREATE POLICY own ON public.outage_places TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.outages o
  WHERE (o.id = outage_places.outage_id))));

CREATE POLICY own ON public.outage_recipients TO callcenter_company USING ((company_id = public.my_company()));

CREATE POLICY own ON public.outage_recordings TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.outages o
  WHERE (o.id = outage_recordings.outage_id))));

CREATE POLICY own ON public.outages TO callcenter_company USING ((company_id = public.my_company()));

CREATE POLICY own ON public.phone_candidates TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.premises p
  WHERE (p.id = phone_candidates.premises_id))));

CREATE POLICY own ON public.premises TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.houses h
  WHERE (h.id = premises.house_id))));

CREATE POLICY own ON public.recording_copies TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.recordings r
  WHERE (r.id = recording_copies.recording_id))));

CREATE POLICY own ON public.recording_marks TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.recordings r
  WHERE (r.id = recording_marks.recording_id))));

CREATE POLICY own ON public.recording_pauses TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.calls c
  WHERE (c.id = recording_pauses.call_id))));

CREATE POLICY own ON public.recording_plays TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.recordings r
  WHERE (r.id = recording_plays.recording_id))));

CREATE POLICY own ON public.recordings TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.tickets t
  WHERE (t.id = recordings.ticket_id))));

CREATE POLICY own ON public.resident_phones TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.residents r
  WHERE (r.id = resident_phones.resident_id))));

CREATE POLICY own ON public.residents TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.premises p
  WHERE (p.id = residents.premises_id))));

CREATE POLICY own ON public.responsibles TO callcenter_company USING ((company_id = public.my_company()));

CREATE POLICY own ON public.review_lines TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.reviews r
  WHERE (r.id = review_lines.review_id))));

CREATE POLICY own ON public.reviews TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.score_cards c
  WHERE (c.id = reviews.card_id))));

CREATE POLICY own ON public.saved_filters TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.operators o
  WHERE ((o.id = saved_filters.operator_id) AND (o.company_id = public.my_company())))));

CREATE POLICY own ON public.score_cards TO callcenter_company USING ((company_id = public.my_company()));

CREATE POLICY own ON public.score_lines TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.score_cards c
  WHERE (c.id = score_lines.card_id))));

CREATE POLICY own ON public.talks TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.calls c
  WHERE (c.id = talks.call_id))));

CREATE POLICY own ON public.tally_hours TO callcenter_company USING ((company_id = ( SELECT public.my_company() AS my_company)));

CREATE POLICY own ON public.tally_operators TO callcenter_company USING ((company_id = ( SELECT public.my_company() AS my_company)));

CREATE POLICY own ON public.tally_outcomes TO callcenter_company USING ((company_id = ( SELECT public.my_company() AS my_company)));

CREATE POLICY own ON public.ticket_deadlines TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.tickets t
  WHERE (t.id = ticket_deadlines.ticket_id))));

CREATE POLICY own ON public.ticket_events TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.tickets t
  WHERE (t.id = ticket_events.ticket_id))));

CREATE POLICY own ON public.ticket_files TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.tickets t
  WHERE (t.id = ticket_files.ticket_id))));

CREATE POLICY own ON public.tickets TO callcenter_company USING ((company_id = public.my_company()));

CREATE POLICY own ON public.unspoken_outages TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.outages o
  WHERE (o.id = unspoken_outages.outage_id))));

CREATE POLICY own ON public.waveforms TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.recordings r
  WHERE (r.id = waveforms.recording_id))));

CREATE POLICY own ON public.wrap_ups TO callcenter_company USING ((EXISTS ( SELECT
   FROM public.calls c
  WHERE (c.id = wrap_ups.call_id))));

ALTER TABLE public.phone_candidates ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.planned_calls ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.premises ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.presence ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.push_log ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.recording_copies ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.recording_hashes ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.recording_marks ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.recording_pauses ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.recording_plays ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.recordings ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.recovery_codes ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.requests ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.resident_phones ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.residents ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.responsibles ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.review_lines ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reviews ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.saved_filters ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.score_cards ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.score_lines ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.screens ENABLE ROW LEVEL SECURITY;

CREATE POLICY service ON public.announcements TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.api_tokens TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.asterisk_entries TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.audit_log TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.call_cards TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.call_events TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.call_tallies TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.calls TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.categories TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.companies TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.crew_hours TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.crew_lists TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.crews TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.default_limits TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.deliveries TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.evidence_packs TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.exports TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.filing_drafts TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.further_tickets TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.heartbeats TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.house_companies TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.houses TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.idempotency_keys TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.joined_calls TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.keeping_requests TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.keeping_runs TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.keeping_terms TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.ledger_entries TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.ledger_heads TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.legal_holds TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.limits TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.node_configurations TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.numbers TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.open_pages TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.operators TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.outage_events TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.outage_notices TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.outage_numbers TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.outage_places TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.outage_recipients TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.outage_recordings TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.outages TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.outbound_attempts TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.outbound_rules TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.phone_candidates TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.planned_calls TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.premises TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.presence TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.push_log TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.recording_copies TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.recording_hashes TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.recording_marks TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.recording_pauses TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.recording_plays TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.recordings TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.recovery_codes TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.requests TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.resident_phones TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.residents TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.responsibles TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.review_lines TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.reviews TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.saved_filters TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.score_cards TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.score_lines TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.screens TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.share_link_recordings TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.share_link_uses TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.share_link_visits TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.share_links TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.talks TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.tally_hours TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.tally_operators TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.tally_outcomes TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.telephone_links TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.ticket_deadlines TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.ticket_events TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.ticket_files TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.tickets TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.trunk_names TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.trunk_states TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.trunks TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.unspoken_outages TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.unwritten TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.waveforms TO callcenter_runtime USING (true) WITH CHECK (true);

CREATE POLICY service ON public.wrap_ups TO callcenter_runtime USING (true) WITH CHECK (true);

ALTER TABLE public.share_link_recordings ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.share_link_uses ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.share_link_visits ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.share_links ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.talks ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.tally_hours ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.tally_operators ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.tally_outcomes ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.telephone_links ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ticket_deadlines ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ticket_events ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ticket_files ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.tickets ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.trunk_names ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.trunk_states ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.trunks ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.unspoken_outages ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.unwritten ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.waveforms ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.wrap_ups ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA public TO callcenter_company;
GRANT USAGE ON SCHEMA public TO callcenter_runtime;

REVOKE ALL ON FUNCTION public.analyze_directory() FROM PUBLIC;
GRANT ALL ON FUNCTION public.analyze_directory() TO callcenter_runtime;

REVOKE ALL ON FUNCTION public.append_ledger(company integer, kind text, body jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.append_ledger(company integer, kind text, body jsonb) TO callcenter_runtime;

GRANT SELECT ON TABLE public.recordings TO callcenter_company;
GRANT SELECT,INSERT,UPDATE ON TABLE public.recordings TO callcenter_runtime;

REVOKE ALL ON FUNCTION public.as_chained(r public.recordings) FROM PUBLIC;
GRANT ALL ON FUNCTION public.as_chained(r public.recordings) TO callcenter_company;
GRANT ALL ON FUNCTION public.as_chained(r public.recordings) TO callcenter_runtime;

GRANT SELECT ON TABLE public.ledger_entries TO callcenter_company;
GRANT SELECT ON TABLE public.ledger_entries TO callcenter_runtime;

REVOKE ALL ON FUNCTION public.body_of(e public.ledger_entries) FROM PUBLIC;
GRANT ALL ON FUNCTION public.body_of(e public.ledger_entries) TO callcenter_company;
GRANT ALL ON FUNCTION public.body_of(e public.ledger_entries) TO callcenter_runtime;

GRANT SELECT ON TABLE public.calls TO callcenter_company;
GRANT SELECT,INSERT,UPDATE ON TABLE public.calls TO callcenter_runtime;

GRANT SELECT ON TABLE public.recording_copies TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.recording_copies TO callcenter_runtime;

REVOKE ALL ON FUNCTION public.chain_copy(c public.recording_copies) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.chain_hold() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.chain_link() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.chain_link_use() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.chain_pack() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.chain_play() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.chain_recording(r public.recordings, kind text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.company_of(r public.recordings) FROM PUBLIC;
GRANT ALL ON FUNCTION public.company_of(r public.recordings) TO callcenter_company;
GRANT ALL ON FUNCTION public.company_of(r public.recordings) TO callcenter_runtime;

REVOKE ALL ON FUNCTION public.copy_as_chained(c public.recording_copies) FROM PUBLIC;
GRANT ALL ON FUNCTION public.copy_as_chained(c public.recording_copies) TO callcenter_company;
GRANT ALL ON FUNCTION public.copy_as_chained(c public.recording_copies) TO callcenter_runtime;

REVOKE ALL ON FUNCTION public.empty_entries(company integer, tickets bigint[], links bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.empty_entries(company integer, tickets bigint[], links bigint[]) TO callcenter_runtime;

REVOKE ALL ON FUNCTION public.forget_audit(ids text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.forget_audit(ids text[]) TO callcenter_runtime;

REVOKE ALL ON FUNCTION public.forget_calls(ids text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.forget_calls(ids text[]) TO callcenter_runtime;

REVOKE ALL ON FUNCTION public.forget_links(ids text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.forget_links(ids text[]) TO callcenter_runtime;

REVOKE ALL ON FUNCTION public.forget_residents(ids text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.forget_residents(ids text[]) TO callcenter_runtime;

REVOKE ALL ON FUNCTION public.forget_tickets(ids text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.forget_tickets(ids text[]) TO callcenter_runtime;

REVOKE ALL ON FUNCTION public.last_entry(r public.recordings) FROM PUBLIC;
GRANT ALL ON FUNCTION public.last_entry(r public.recordings) TO callcenter_company;
GRANT ALL ON FUNCTION public.last_entry(r public.recordings) TO callcenter_runtime;

REVOKE ALL ON FUNCTION public.manager_visits(companies integer[], steps integer[], starts timestamp with time zone[], untils timestamp with time zone[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.manager_visits(companies integer[], steps integer[], starts timestamp with time zone[], untils timestamp with time zone[]) TO callcenter_company;
GRANT ALL ON FUNCTION public.manager_visits(companies integer[], steps integer[], starts timestamp with time zone[], untils timestamp with time zone[]) TO callcenter_runtime;

REVOKE ALL ON FUNCTION public.on_copy() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.on_recording() FROM PUBLIC;

GRANT SELECT ON TABLE public.announcements TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.announcements TO callcenter_runtime;

GRANT SELECT ON TABLE public.outage_numbers TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.outage_numbers TO callcenter_runtime;

GRANT SELECT,INSERT,UPDATE ON TABLE public.tickets TO callcenter_company;
GRANT SELECT,INSERT,UPDATE ON TABLE public.tickets TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.api_tokens TO callcenter_runtime;

GRANT SELECT(id) ON TABLE public.api_tokens TO callcenter_company;

GRANT SELECT(operator_id) ON TABLE public.api_tokens TO callcenter_company;

GRANT USAGE ON SEQUENCE public.api_tokens_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.asterisk_entries TO callcenter_runtime;

GRANT INSERT ON TABLE public.audit_log TO callcenter_company;
GRANT SELECT,INSERT ON TABLE public.audit_log TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.audit_log_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.call_cards TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.call_cards TO callcenter_runtime;

GRANT SELECT ON TABLE public.call_events TO callcenter_company;
GRANT SELECT,INSERT,UPDATE ON TABLE public.call_events TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.call_events_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.call_tallies TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.call_tallies TO callcenter_runtime;

GRANT SELECT ON TABLE public.categories TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.categories TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.categories_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.companies TO callcenter_company;
GRANT SELECT,INSERT,UPDATE ON TABLE public.companies TO callcenter_runtime;

GRANT UPDATE(last_ticket_number) ON TABLE public.companies TO callcenter_company;

GRANT USAGE ON SEQUENCE public.companies_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.crew_hours TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crew_hours TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crew_links TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crew_lists TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crews TO callcenter_runtime;

GRANT SELECT(id) ON TABLE public.crews TO callcenter_company;

GRANT SELECT(company_id) ON TABLE public.crews TO callcenter_company;

GRANT SELECT(name) ON TABLE public.crews TO callcenter_company;

GRANT SELECT(language) ON TABLE public.crews TO callcenter_company;

GRANT SELECT(phone) ON TABLE public.crews TO callcenter_company;

GRANT SELECT(email) ON TABLE public.crews TO callcenter_company;

GRANT SELECT(webhook_url) ON TABLE public.crews TO callcenter_company;

GRANT SELECT(active) ON TABLE public.crews TO callcenter_company;

GRANT SELECT ON TABLE public.houses TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.houses TO callcenter_runtime;

GRANT SELECT ON TABLE public.premises TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.premises TO callcenter_runtime;

GRANT SELECT ON TABLE public.residents TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.residents TO callcenter_runtime;

GRANT SELECT ON TABLE public.responsibles TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.responsibles TO callcenter_runtime;

GRANT SELECT,INSERT,UPDATE ON TABLE public.ticket_deadlines TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ticket_deadlines TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crew_tickets TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.crews_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.default_limits TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.default_limits TO callcenter_runtime;

GRANT SELECT ON TABLE public.defaults TO callcenter_runtime;

GRANT SELECT,INSERT ON TABLE public.deliveries TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.deliveries TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.deliveries_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.directory_uploads TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.directory_uploads_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.evidence_packs TO callcenter_company;
GRANT SELECT,INSERT,UPDATE ON TABLE public.evidence_packs TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.evidence_packs_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.exports TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.exports TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.exports_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.filing_drafts TO callcenter_runtime;

GRANT SELECT ON TABLE public.further_tickets TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.further_tickets TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.heartbeats TO callcenter_runtime;

GRANT SELECT ON TABLE public.house_companies TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.house_companies TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.houses_id_seq TO callcenter_runtime;

GRANT INSERT ON TABLE public.idempotency_keys TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.idempotency_keys TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.invitations TO callcenter_runtime;

GRANT SELECT ON TABLE public.joined_calls TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.joined_calls TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.keeping_requests TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.keeping_requests_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.keeping_runs TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.keeping_runs_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.keeping_terms TO callcenter_runtime;

GRANT SELECT ON TABLE public.ledger_heads TO callcenter_company;
GRANT SELECT ON TABLE public.ledger_heads TO callcenter_runtime;

GRANT SELECT ON TABLE public.legal_holds TO callcenter_company;
GRANT SELECT,INSERT,UPDATE ON TABLE public.legal_holds TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.legal_holds_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.limits TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.limits TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.login_attempts TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.login_attempts_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.node_configurations TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.node_disks TO callcenter_runtime;

GRANT SELECT ON TABLE public.node_gaps TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.node_gaps TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.node_gaps_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.nodes TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.nodes TO callcenter_runtime;

GRANT SELECT ON TABLE public.numbers TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.numbers TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.open_pages TO callcenter_runtime;

GRANT SELECT,INSERT,UPDATE ON TABLE public.operators TO callcenter_runtime;

GRANT SELECT(id) ON TABLE public.operators TO callcenter_company;

GRANT SELECT(name) ON TABLE public.operators TO callcenter_company;

GRANT SELECT(role) ON TABLE public.operators TO callcenter_company;

GRANT SELECT(company_id) ON TABLE public.operators TO callcenter_company;

GRANT SELECT(crew_id) ON TABLE public.operators TO callcenter_company;

GRANT SELECT(active) ON TABLE public.operators TO callcenter_company;

GRANT USAGE ON SEQUENCE public.operators_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.outage_events TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.outage_events TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.outage_events_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.outage_kinds TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.outage_kinds TO callcenter_runtime;

GRANT SELECT ON TABLE public.outage_notices TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.outage_notices TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.outage_notices_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.outage_places TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.outage_places TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.outage_recipients TO callcenter_runtime;

GRANT SELECT(id) ON TABLE public.outage_recipients TO callcenter_company;

GRANT SELECT(company_id) ON TABLE public.outage_recipients TO callcenter_company;

GRANT SELECT(name) ON TABLE public.outage_recipients TO callcenter_company;

GRANT SELECT(party) ON TABLE public.outage_recipients TO callcenter_company;

GRANT SELECT(way) ON TABLE public.outage_recipients TO callcenter_company;

GRANT SELECT(language) ON TABLE public.outage_recipients TO callcenter_company;

GRANT SELECT(active) ON TABLE public.outage_recipients TO callcenter_company;

GRANT USAGE ON SEQUENCE public.outage_recipients_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.outage_recordings TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.outage_recordings TO callcenter_runtime;

GRANT SELECT ON TABLE public.outages TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.outages TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.outages_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.outbound_attempts TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.outbound_attempts_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.outbound_rules TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.outbound_rules_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pause_reasons TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pending_logins TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pgqueuer TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.pgqueuer_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pgqueuer_log TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.pgqueuer_log_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pgqueuer_schedules TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.pgqueuer_schedules_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pgqueuer_statistics TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.pgqueuer_statistics_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.phone_candidates TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.phone_candidates TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.planned_calls TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.premises_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.presence TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.presence TO callcenter_runtime;

GRANT SELECT ON TABLE public.push_log TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.push_log TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.push_log_seq_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.recording_hashes TO callcenter_runtime;

GRANT SELECT ON TABLE public.recording_marks TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.recording_marks TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.recording_marks_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.recording_pauses TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.recording_pauses TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.recording_pauses_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT ON TABLE public.recording_plays TO callcenter_company;
GRANT SELECT,INSERT ON TABLE public.recording_plays TO callcenter_runtime;

GRANT UPDATE(sent) ON TABLE public.recording_plays TO callcenter_runtime;

GRANT UPDATE(heard) ON TABLE public.recording_plays TO callcenter_runtime;

GRANT UPDATE(last_at) ON TABLE public.recording_plays TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.recording_plays_id_seq TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.recordings_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.recovery_codes TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.requests TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.requests_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.resident_phones TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.resident_phones TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.residents_id_seq TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.responsibles_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.review_lines TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.review_lines TO callcenter_runtime;

GRANT SELECT ON TABLE public.reviews TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.reviews TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.reviews_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.saved_filters TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.saved_filters TO callcenter_runtime;

GRANT SELECT ON TABLE public.schema_files TO callcenter_runtime;

GRANT SELECT ON TABLE public.schema_migrations TO callcenter_company;
GRANT SELECT ON TABLE public.schema_migrations TO callcenter_runtime;

GRANT SELECT ON TABLE public.score_cards TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.score_cards TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.score_cards_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.score_lines TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.score_lines TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.score_lines_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.screens TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.screens TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sessions TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.sessions_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,UPDATE ON TABLE public.share_link_recordings TO callcenter_runtime;

GRANT SELECT,INSERT ON TABLE public.share_link_uses TO callcenter_runtime;

GRANT UPDATE(sent) ON TABLE public.share_link_uses TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.share_link_uses_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.share_link_visits TO callcenter_runtime;

GRANT SELECT,INSERT,UPDATE ON TABLE public.share_links TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.share_links_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sheet_layouts TO callcenter_runtime;

GRANT SELECT ON TABLE public.stepped_back TO callcenter_runtime;

GRANT SELECT ON TABLE public.talks TO callcenter_company;
GRANT SELECT,INSERT,UPDATE ON TABLE public.talks TO callcenter_runtime;

GRANT SELECT ON TABLE public.tally_hours TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tally_hours TO callcenter_runtime;

GRANT SELECT ON TABLE public.tally_operators TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tally_operators TO callcenter_runtime;

GRANT SELECT ON TABLE public.tally_outcomes TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tally_outcomes TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.telephone_links TO callcenter_runtime;

GRANT SELECT,INSERT ON TABLE public.ticket_events TO callcenter_company;
GRANT SELECT,INSERT ON TABLE public.ticket_events TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.ticket_events_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT ON TABLE public.ticket_files TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ticket_files TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.ticket_files_id_seq TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.tickets_id_seq TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.trunk_names TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.trunk_states TO callcenter_runtime;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.trunks TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.trunks_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.unspoken_outages TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.unspoken_outages TO callcenter_runtime;

GRANT SELECT ON TABLE public.unwritten TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.unwritten TO callcenter_runtime;

GRANT USAGE ON SEQUENCE public.unwritten_id_seq TO callcenter_runtime;

GRANT SELECT ON TABLE public.waveforms TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.waveforms TO callcenter_runtime;

GRANT SELECT ON TABLE public.wrap_ups TO callcenter_company;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.wrap_ups TO callcenter_runtime;
