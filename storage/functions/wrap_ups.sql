-- Keep how long an operator's wrap-up took, once the screen shows that it is over. It belongs to the talk before it.
create or replace function keep_wrap_up() returns trigger language plpgsql as $$
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

create or replace trigger keep_wrap_up after update on screens for each row
    when (old.kind = 'presence' and old.body ->> 'state' = 'wrap_up' and new.body ->> 'state' <> 'wrap_up')
    execute function keep_wrap_up();
