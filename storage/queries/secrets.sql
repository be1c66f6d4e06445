-- Secrets that are encrypted with a key from the settings, and how each kind is encrypted again.

-- name: secrets
select 'sip' as kind, id, sip_secret as kept from operators where sip_secret is not null
union all select 'totp', id, totp_secret from operators where totp_secret is not null
union all select 'pending', id, totp_pending from operators where totp_pending is not null
union all select 'webhook', id, webhook_secret from crews where webhook_secret is not null
union all select 'recipient', id, secret from outage_recipients where secret is not null
union all select 'trunk', id, password from trunks where password is not null
order by kind, id

-- name: reseal_sip
update operators set sip_secret = $3 where id = $1 and sip_secret = $2

-- name: reseal_totp
update operators set totp_secret = $3 where id = $1 and totp_secret = $2

-- name: reseal_pending
update operators set totp_pending = $3 where id = $1 and totp_pending = $2

-- name: reseal_webhook
update crews set webhook_secret = $3 where id = $1 and webhook_secret = $2

-- name: reseal_recipient
update outage_recipients set secret = $3 where id = $1 and secret = $2

-- name: reseal_trunk
update trunks set password = $3 where id = $1 and password = $2
