-- Programs: how often a token was used in its last minute, and what a program asks for again and again.

alter table api_tokens add window_start timestamptz;
alter table api_tokens add requests integer not null default 0;
create index on api_tokens (operator_id);
create index on idempotency_keys (at);

-- The answer is kept in the transaction of the change itself, so a person of one company writes it too.
grant insert on idempotency_keys to callcenter_company;
