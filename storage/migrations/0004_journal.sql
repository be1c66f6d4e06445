-- The journal: who does what, by when, and who may see it.

-- Directory: crews, the people who answer for the work, and since when a company serves a house.

create table crews (
    id             integer generated always as identity primary key,
    company_id     integer not null references companies,
    name           text not null check (name <> ''),
    language       text not null default 'ru' check (language in ('ru', 'en')),
    phone          text check (phone ~ '^\+[0-9]{3,15}$'),
    email          text,
    webhook_url    text,
    webhook_secret text,
    active         boolean not null default true,
    unique (company_id, name),
    check ((webhook_url is null) = (webhook_secret is null))
);

-- Working hours of a crew; a crew without any works round the clock. `weekday`: 1 Monday to 7 Sunday.
create table crew_hours (
    crew_id integer not null references crews on delete cascade,
    weekday integer not null check (weekday between 1 and 7),
    opens   time not null,
    closes  time not null check (closes > opens),
    primary key (crew_id, weekday, opens)
);

-- The responsible person whose name the resident is told.
create table responsibles (
    id         integer generated always as identity primary key,
    company_id integer not null references companies,
    crew_id    integer references crews,
    name       text not null check (name <> ''),
    phone      text check (phone ~ '^\+[0-9]{3,15}$'),
    active     boolean not null default true,
    unique (company_id, name)
);

alter table houses alter company_id drop not null;
alter table houses add entrances integer check (entrances between 1 and 99);
alter table houses add key text unique;
create unique index on houses (city, street, building);
alter table premises add entrance integer check (entrance between 1 and 99);
alter table residents add account text;
create unique index on residents (account) where account is not null;

-- Which company served a house when; written by the database itself whenever `houses.company_id` changes.
create table house_companies (
    house_id   integer not null references houses on delete cascade,
    company_id integer not null references companies,
    since      timestamptz not null default now(),
    until      timestamptz,
    primary key (house_id, since)
);
insert into house_companies (house_id, company_id) select id, company_id from houses where company_id is not null;

create function keep_house_history() returns trigger language plpgsql as $$
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
create trigger house_history after insert or update of company_id on houses
    for each row execute function keep_house_history();

-- What a ticket is about, and how fast the law or the company wants it done.

create table categories (
    id         integer generated always as identity primary key,
    company_id integer not null references companies,
    code       text not null check (code ~ '^[a-z][a-z0-9_]{0,31}$'),
    class      text not null check (class in ('emergency', 'planned', 'paid', 'question')),
    name_ru    text not null check (name_ru <> ''),
    name_en    text not null check (name_en <> ''),
    active     boolean not null default true,
    unique (company_id, code)
);

-- `minutes` from the ticket's opening; with a window, only minutes between `opens` and `closes` of the company's day count.
create table limits (
    category_id integer not null references categories on delete cascade,
    step        text not null check (step in ('tell', 'localise', 'clear', 'repair')),
    minutes     integer not null check (minutes > 0),
    warn_before integer not null check (warn_before >= 0 and warn_before < minutes),
    opens       time,
    closes      time,
    primary key (category_id, step),
    check ((opens is null) = (closes is null)),
    check (closes > opens)
);

-- The limits of Russian Government Decree 416, section IV, for a new company.
create function add_default_categories(company integer) returns void language sql as $$
    with given (code, class, name_ru, name_en) as (values
        ('damage', 'emergency', 'Авария', 'Emergency damage'),
        ('sewer', 'emergency', 'Засор канализации', 'Blocked sewer'),
        ('chute', 'emergency', 'Засор мусоропровода', 'Blocked refuse chute'),
        ('repair', 'planned', 'Текущий ремонт', 'Routine repair'),
        ('paid', 'paid', 'Платная услуга', 'Paid work'),
        ('question', 'question', 'Вопрос', 'Question')
    ), added as (
        insert into categories (company_id, code, class, name_ru, name_en)
        select company, code, class, name_ru, name_en from given
        on conflict do nothing
        returning id, code
    )
    insert into limits (category_id, step, minutes, warn_before, opens, closes)
    select a.id, l.step, l.minutes, l.warn_before, l.opens, l.closes
    from added a
    join (values
        ('damage', 'tell', 30, 10, null::time, null::time),
        ('damage', 'localise', 30, 10, null, null),
        ('damage', 'repair', 4320, 720, null, null),
        ('sewer', 'tell', 30, 10, null, null),
        ('sewer', 'clear', 120, 30, null, null),
        ('chute', 'tell', 30, 10, null, null),
        ('chute', 'clear', 120, 30, '08:00', '23:00'),
        ('repair', 'tell', 30, 10, null, null),
        ('paid', 'tell', 30, 10, null, null),
        ('question', 'tell', 30, 10, null, null)
    ) l (code, step, minutes, warn_before, opens, closes) on l.code = a.code
$$;
select add_default_categories(id) from companies;

create function new_company() returns trigger language plpgsql as $$
begin
    perform add_default_categories(new.id);
    return new;
end $$;
create trigger default_categories after insert on companies for each row execute function new_company();

-- People: five roles. A company's manager and a crew's member belong to one company.

alter table operators drop constraint operators_role_check;
alter table operators add constraint operators_role_check
    check (role in ('operator', 'supervisor', 'manager', 'crew', 'administrator'));
alter table operators add company_id integer references companies;
alter table operators add crew_id integer references crews;
alter table operators add active boolean not null default true;
alter table operators add totp_secret text;
alter table operators alter password_hash drop not null;
alter table operators add constraint operators_company_check
    check ((role in ('manager', 'crew')) = (company_id is not null));
alter table operators add constraint operators_crew_check check ((role = 'crew') = (crew_id is not null));

alter table sessions add address text not null default '';
alter table sessions add browser text not null default '';
alter table sessions add seen_at timestamptz not null default now();
alter table sessions add id bigint generated always as identity unique;

-- A one-time link by which a person sets a password.
create table invitations (
    token_hash  bytea primary key,
    operator_id integer not null references operators on delete cascade,
    expires_at  timestamptz not null,
    used_at     timestamptz
);

-- Logins, views of personal data, changes.
create table audit_log (
    id          bigint generated always as identity primary key,
    at          timestamptz not null default now(),
    operator_id integer references operators,
    company_id  integer references companies,
    action      text not null,
    subject     text not null default '',
    subject_id  text not null default '',
    address     text not null default '',
    details     jsonb not null default '{}'
);
create index on audit_log (at desc);
create index on audit_log (operator_id, at desc);
create index on audit_log (subject, subject_id);

-- Tickets.

alter table tickets drop constraint tickets_state_check;
alter table tickets add constraint tickets_state_check
    check (state in ('new', 'assigned', 'accepted', 'in_progress', 'done', 'closed', 'cancelled', 'reopened'));
alter table tickets
    add version         integer not null default 1,
    add category_id     integer references categories,
    add description     text not null default '',
    add contact_name    text not null default '',
    add contact_phone   text not null default '',
    add common_property boolean not null default false,
    add access_at       timestamptz,
    add access_reason   text not null default '',
    add access_people   text not null default '',
    add price           numeric(12, 2) check (price >= 0),
    add payment         text not null default 'none' check (payment in ('none', 'due', 'paid', 'refunded')),
    add crew_id         integer references crews,
    add responsible_id  integer references responsibles,
    add planned_from    timestamptz,
    add planned_until   timestamptz,
    add accepted_at     timestamptz,
    add started_at      timestamptz,
    add done_at         timestamptz,
    add closed_at       timestamptz,
    add result          text not null default '',
    add cancel_reason   text not null default '',
    add parent_id       bigint references tickets,
    add updated_at      timestamptz not null default now(),
    add search          tsvector,
    add check (planned_until >= planned_from),
    add check (state <> 'cancelled' or cancel_reason <> ''),
    add check (parent_id <> id);
drop index tickets_premises_id_idx;
drop index tickets_caller_idx;
create index tickets_premises_id_idx on tickets (premises_id) where state not in ('closed', 'cancelled');
create index tickets_caller_idx on tickets (caller) where state not in ('closed', 'cancelled');
create index on tickets (parent_id) where parent_id is not null;

-- The words by which a ticket is found: number, address, name, telephones, subject, description.
create function ticket_words(t tickets) returns tsvector language sql stable as $$
    select setweight(to_tsvector('simple', t.number::text), 'A')
        || setweight(to_tsvector('russian', concat_ws(' ',
            (select concat_ws(' ', h.city, h.street, h.building) from houses h where h.id = t.house_id),
            (select p.flat from premises p where p.id = t.premises_id),
            (select r.name from residents r where r.id = t.resident_id),
            t.contact_name, t.subject)), 'B')
        || to_tsvector('russian', t.description)
        || to_tsvector('simple', concat_ws(' ', t.caller, t.contact_phone))
$$;
create function keep_ticket_words() returns trigger language plpgsql as $$
begin
    new.search := ticket_words(new);
    return new;
end $$;
-- A ticket that opens at the answer gets its words when the call is over: the operator's card waits for its opening, and
-- nobody searches for it yet.
create trigger words_of_new before insert on tickets
    for each row when (new.call_id is null) execute function keep_ticket_words();
create trigger words before update of
    number, house_id, premises_id, resident_id, contact_name, contact_phone, subject, description on tickets
    for each row execute function keep_ticket_words();
update tickets set number = number;

create function words_of_ended_call() returns trigger language plpgsql as $$
begin
    update tickets set number = number where call_id = new.id and search is null;
    return null;
end $$;
-- At the commit, for a call that is rebuilt from the ledger has ended before its ticket is opened.
create constraint trigger words_of_ended after insert or update of state on calls deferrable initially deferred
    for each row when (new.outcome = 'answered') execute function words_of_ended_call();

-- As before, one ticket at a time in plain statements: a card waits for it, and that takes a quarter of the time.
create or replace function open_tickets(wanted jsonb) returns void language plpgsql as $$
declare
    asked record;
    company integer;
    next_number integer;
begin
    for asked in
        select w ->> 'call_id' as call_id, w ->> 'did' as did, w ->> 'caller' as caller,
               (w ->> 'opened_at')::timestamptz as opened_at, w ->> 'interface' as interface,
               (w ->> 'resident_id')::integer as resident_id, (w ->> 'premises_id')::integer as premises_id,
               (w ->> 'house_id')::integer as house_id
        from jsonb_array_elements(wanted) with ordinality as given (w, place) order by place
    loop
        update tickets set
            resident_id = coalesce(resident_id, asked.resident_id),
            premises_id = coalesce(premises_id, asked.premises_id),
            house_id = coalesce(house_id, asked.house_id)
        where call_id = asked.call_id and resident_id is null and asked.resident_id is not null;
        continue when found or exists (select from tickets where call_id = asked.call_id);
        select company_id into company from numbers where number = asked.did;
        continue when not found;
        update companies set last_ticket_number = last_ticket_number + 1 where id = company
            returning last_ticket_number into next_number;
        insert into tickets (company_id, number, call_id, caller, opened_at, operator_id, resident_id, premises_id, house_id)
        values (company, next_number, asked.call_id, asked.caller, asked.opened_at,
                (select id from operators where 'PJSIP/' || endpoint = asked.interface),
                asked.resident_id, asked.premises_id, asked.house_id);
    end loop;
end $$;

-- Everything that happened to a ticket; written once, never changed.
create table ticket_events (
    id          bigint generated always as identity primary key,
    ticket_id   bigint not null references tickets,
    at          timestamptz not null default now(),
    operator_id integer references operators,
    crew_id     integer references crews,
    kind        text not null check (kind in ('opened', 'edited', 'moved', 'comment', 'file', 'told', 'localised', 'sent', 'linked')),
    from_state  text,
    to_state    text,
    comment     text not null default '',
    changes     jsonb not null default '{}'
);
create index on ticket_events (ticket_id, id);

-- What is due: what is late is asked of these rows, never marked.
create table ticket_deadlines (
    ticket_id bigint not null references tickets,
    step      text not null check (step in ('tell', 'localise', 'clear', 'repair')),
    due_at    timestamptz not null,
    warn_at   timestamptz not null check (warn_at <= due_at),
    met_at    timestamptz,
    primary key (ticket_id, step)
);
create index on ticket_deadlines (due_at) where met_at is null;

create table ticket_files (
    id         bigint generated always as identity primary key,
    ticket_id  bigint not null references tickets,
    name       text not null,
    media_type text not null,
    size       bigint not null,
    sha256     bytea not null check (length(sha256) = 32),
    object_key text not null unique,
    added_at   timestamptz not null default now()
);
create index on ticket_files (ticket_id);

create table saved_filters (
    operator_id integer not null references operators on delete cascade,
    name        text not null check (name <> ''),
    query       text not null,
    primary key (operator_id, name)
);

-- Hand-over to a crew.

-- One row per crew, ticket, assignment and way: sent at least once, and shown once.
create table deliveries (
    id           bigint generated always as identity primary key,
    ticket_id    bigint not null references tickets,
    crew_id      integer not null references crews,
    way          text not null check (way in ('email', 'webhook')),
    key          text not null unique,
    state        text not null default 'waiting' check (state in ('waiting', 'delivered', 'dead')),
    attempts     integer not null default 0,
    problem      text not null default '',
    created_at   timestamptz not null default now(),
    delivered_at timestamptz
);
create index on deliveries (ticket_id);
create index on deliveries (state) where state <> 'delivered';

-- A personal link to one ticket for one crew; only the token's hash is kept.
create table crew_links (
    token_hash bytea primary key,
    ticket_id  bigint not null references tickets,
    crew_id    integer not null references crews,
    expires_at timestamptz not null,
    ended_at   timestamptz
);
create index on crew_links (ticket_id);

-- Programs.

create table api_tokens (
    id          integer generated always as identity primary key,
    token_hash  bytea not null unique,
    operator_id integer not null references operators on delete cascade,
    name        text not null check (name <> ''),
    scopes      text[] not null,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null,
    used_at     timestamptz
);

create table idempotency_keys (
    token_id     integer not null references api_tokens on delete cascade,
    key          text not null,
    request_hash bytea not null,
    status       integer not null,
    body         jsonb not null,
    at           timestamptz not null default now(),
    primary key (token_id, key)
);

-- The second lock: whoever belongs to one company works under this role, and sees that company's rows alone, whatever
-- the program asks for. The name is one for the whole server, since roles are.
do $$ begin
    create role callcenter_company nologin;
exception when duplicate_object or unique_violation then null;
end $$;
do $$ begin
    execute format('grant callcenter_company to %I', current_user);
end $$;
grant usage on schema public to callcenter_company;
grant select on all tables in schema public to callcenter_company;
revoke select on operators, sessions, invitations, login_attempts, api_tokens, idempotency_keys, crew_links, audit_log
    from callcenter_company;
grant select (id, name, role, company_id, crew_id, active) on operators to callcenter_company;
grant insert, update on tickets, ticket_deadlines to callcenter_company;
grant insert on ticket_events, ticket_files, deliveries, audit_log, recording_plays to callcenter_company;
grant update (last_ticket_number) on companies to callcenter_company;
grant insert, update, delete on saved_filters to callcenter_company;

create function my_company() returns integer language sql stable as $$
    select nullif(current_setting('callcenter.company', true), '')::integer
$$;

alter table companies enable row level security;
alter table numbers enable row level security;
alter table houses enable row level security;
alter table house_companies enable row level security;
alter table premises enable row level security;
alter table residents enable row level security;
alter table resident_phones enable row level security;
alter table crews enable row level security;
alter table crew_hours enable row level security;
alter table responsibles enable row level security;
alter table categories enable row level security;
alter table limits enable row level security;
alter table calls enable row level security;
alter table call_events enable row level security;
alter table recordings enable row level security;
alter table recording_plays enable row level security;
alter table tickets enable row level security;
alter table ticket_events enable row level security;
alter table ticket_deadlines enable row level security;
alter table ticket_files enable row level security;
alter table deliveries enable row level security;
alter table unwritten enable row level security;
alter table push_log enable row level security;
alter table screens enable row level security;
alter table presence enable row level security;

create policy own on companies to callcenter_company using (id = my_company());
create policy own on numbers to callcenter_company using (company_id = my_company());
create policy own on houses to callcenter_company using (company_id = my_company());
create policy own on house_companies to callcenter_company using (company_id = my_company());
create policy own on premises to callcenter_company using (exists (select from houses h where h.id = house_id));
create policy own on residents to callcenter_company using (exists (select from premises p where p.id = premises_id));
create policy own on resident_phones to callcenter_company using (exists (select from residents r where r.id = resident_id));
create policy own on crews to callcenter_company using (company_id = my_company());
create policy own on crew_hours to callcenter_company using (exists (select from crews c where c.id = crew_id));
create policy own on responsibles to callcenter_company using (company_id = my_company());
create policy own on categories to callcenter_company using (company_id = my_company());
create policy own on limits to callcenter_company using (exists (select from categories c where c.id = category_id));
create policy own on calls to callcenter_company using (company_id = my_company());
create policy own on call_events to callcenter_company using (exists (select from calls c where c.id = call_id));
create policy own on recordings to callcenter_company using (exists (select from tickets t where t.id = ticket_id));
create policy own on recording_plays to callcenter_company using (exists (select from recordings r where r.id = recording_id));
create policy own on tickets to callcenter_company using (company_id = my_company());
create policy own on ticket_events to callcenter_company using (exists (select from tickets t where t.id = ticket_id));
create policy own on ticket_deadlines to callcenter_company using (exists (select from tickets t where t.id = ticket_id));
create policy own on ticket_files to callcenter_company using (exists (select from tickets t where t.id = ticket_id));
create policy own on deliveries to callcenter_company using (exists (select from tickets t where t.id = ticket_id));
