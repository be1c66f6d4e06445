-- An incident ($1) and the tickets below it. $4, or the last one, is who does it; null: the program itself.

-- name: expect
with changed as (
    select id, planned_until as before from tickets
    where (id = $1 or parent_id = $1) and is_open(state) and planned_until is distinct from $2
    for update
), set_ as (
    update tickets t set planned_until = $2, version = version + 1, updated_at = now(),
        planned_from = case when $2 < planned_from then null else planned_from end
    from changed c where c.id = t.id returning t.id, t.version, c.before
)
insert into ticket_events (ticket_id, operator_id, kind, changes, version)
select id, $3, 'edited', jsonb_build_object('planned_until', jsonb_build_array(before, $2::timestamptz)), version from set_;

-- name: comment_below
insert into ticket_events (ticket_id, operator_id, kind, comment)
select id, $3, 'comment', $2 from tickets where parent_id = $1 and is_open(state);

-- name: finish
with open_ones as (
    select id, state as before from tickets where (id = $1 or parent_id = $1) and is_open(state) for update
), finished as (
    update tickets t set state = case when $2 then 'cancelled' else 'closed' end, closed_at = now(),
        done_at = case when $2 then done_at else coalesce(done_at, now()) end,
        result = case when $2 or result <> '' then result else $3 end,
        cancel_reason = case when $2 then $3 else cancel_reason end,
        version = version + 1, updated_at = now()
    from open_ones o where o.id = t.id returning t.id, t.state, t.version, o.before
), noted as (
    insert into ticket_events (ticket_id, operator_id, kind, from_state, to_state, comment, version)
    select id, $4, 'moved', before, state, $3, version from finished
)
select id from finished order by id;

-- name: met
update ticket_deadlines set met_at = now() where ticket_id = any ($1::bigint[]) and step = any ($2::text[]) and met_at is null;

-- name: notify
select pg_notify('tickets', json_build_object('ticket', id, 'company', company_id)::text) from tickets where id = $1;
