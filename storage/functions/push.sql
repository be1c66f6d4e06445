-- All queues after a delta, which has only those that changed: null is one that nobody waits or talks in any more.
create or replace function merge_queues(shown jsonb, delta jsonb) returns jsonb language sql immutable as $$
    select jsonb_build_object('queues', coalesce(jsonb_object_agg(key, value), '{}'))
    from jsonb_each((shown -> 'queues') || (delta -> 'queues')) where value <> 'null'
$$;

-- Write deltas in the order given: a list of {audience, kind, body}. Returns the number of the last one.
-- The lock comes before the numbers are drawn and is held until the commit, so their order is commit order.
-- A notification may have at most 7999 bytes; a longer one goes without its body.
create or replace function push(messages jsonb) returns bigint language plpgsql as $$
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
