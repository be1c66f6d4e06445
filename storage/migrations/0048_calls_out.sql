-- Calls that go out: by which rule, and what was decided. A number that no rule allows is called by nobody.
create table outbound_rules (
    id                integer generated always as identity primary key,
    purpose           text not null check (purpose in ('resident', 'crew', 'any')),
    prefix            text not null check (prefix ~ '^\+[0-9]{0,14}$'),
    per_operator_hour integer check (per_operator_hour >= 0),
    per_hour          integer check (per_hour >= 0),
    active            boolean not null default true
);
comment on column outbound_rules.prefix is 'With what a number in E.164 begins; `+` for any.';
comment on column outbound_rules.per_hour is 'Calls of all operators together by this rule within an hour; null: any number.';

-- Each attempt of an operator, allowed or not; kept for 30 days, and the limits are counted from it.
create table outbound_attempts (
    id          bigint generated always as identity primary key,
    at          timestamptz not null default now(),
    operator_id integer references operators on delete cascade,
    number      text not null,
    reason      text not null check (reason in ('allowed', 'not_a_number', 'no_rule', 'operator_limit', 'limit', 'no_trunk', 'no_number')),
    rule_id     integer references outbound_rules on delete set null
);
comment on column outbound_attempts.rule_id is 'The rule that allowed it, or whose limit was reached.';
create index on outbound_attempts (rule_id, at) where reason = 'allowed';
create index on outbound_attempts (at);
create index on outbound_attempts (operator_id);

-- Nothing of it is for a company's people: no grant, and no policy either.
alter table outbound_rules enable row level security;
alter table outbound_attempts enable row level security;

alter table talks drop constraint talks_kind_check;
alter table talks add constraint talks_kind_check check (kind in ('queue', 'transfer', 'consultation', 'out'));
alter table calls drop constraint calls_outcome_check;
alter table calls add constraint calls_outcome_check check (outcome in
    ('answered', 'informed', 'abandoned', 'hung_up_early', 'timed_out', 'no_such_number', 'interrupted', 'not_reached'));
