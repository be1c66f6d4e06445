-- Who is told when an outage opens, changes or ends, and what became of each message.

create table outage_recipients (
    id         integer generated always as identity primary key,
    company_id integer not null references companies,
    name       text not null check (name <> ''),
    party      text not null check (party in ('company', 'municipality', 'supplier')),
    way        text not null check (way in ('email', 'webhook', 'max')),
    address    text not null check (address <> ''),
    secret     text,
    language   text not null default 'ru' check (language in ('ru', 'en')),
    active     boolean not null default true,
    check ((way = 'webhook') = (secret is not null))
);
comment on column outage_recipients.address is 'An e-mail address, the URL of a webhook, or the id of a chat in MAX.';
comment on column outage_recipients.secret is 'Signs what a webhook is sent.';
create index on outage_recipients (company_id);

-- A message to one of them. It holds what was public at the moment of the change.
create table outage_notices (
    id           bigint generated always as identity primary key,
    outage_id    integer not null references outages on delete cascade,
    recipient_id integer not null references outage_recipients on delete cascade,
    event        text not null check (event in ('opened', 'changed', 'ended')),
    body         jsonb not null,
    key          text not null unique,
    state        text not null default 'waiting' check (state in ('waiting', 'delivered', 'dead', 'dropped')),
    attempts     integer not null default 0,
    problem      text not null default '',
    created_at   timestamptz not null default now(),
    next_at      timestamptz,
    delivered_at timestamptz
);
create index on outage_notices (outage_id, recipient_id);
create index on outage_notices (recipient_id);
create index on outage_notices (id) where state in ('waiting', 'dead');

alter table outage_recipients enable row level security;
create policy own on outage_recipients to callcenter_company using (company_id = my_company());
alter table outage_notices enable row level security;
create policy own on outage_notices to callcenter_company using (exists (select from outages o where o.id = outage_id));
grant select (id, company_id, name, party, way, language, active) on outage_recipients to callcenter_company;
grant select on outage_notices to callcenter_company;
