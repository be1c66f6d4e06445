-- Reading the audit log.

-- Every action that was ever recorded, each found in the index by one step from the one before.
-- name: actions
with recursive found as (
    (select action from audit_log order by action limit 1)
    union all
    select (select a.action from audit_log a where a.action > found.action order by a.action limit 1)
    from found
    where found.action is not null
)
select action from found where action is not null

-- name: people
select id, login, name from operators order by name, id

-- name: names
select 'company' as kind, id::text, name from companies
union all
select 'crew', id::text, name from crews

-- What `AuditLog` puts its conditions and its order after.
-- name: entries
select a.id, a.at, a.operator_id, o.name as person, o.login, c.name as company, a.action, a.subject, a.subject_id,
       a.address, a.details, s.name as subject_name
from audit_log a
left join operators o on o.id = a.operator_id
left join companies c on c.id = a.company_id
left join operators s on a.subject = 'person' and s.id::text = a.subject_id
