-- What a person's transaction may see, and the record of it.

-- name: enter
select set_config('callcenter.company', $1, true)

-- name: audit
insert into audit_log (operator_id, company_id, action, subject, subject_id, address, details)
values ($1, $2, $3, $4, $5, $6, $7)
