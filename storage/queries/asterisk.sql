-- name: numbers
select n.number, c.language from numbers n join companies c on c.id = n.company_id order by n.number;

-- name: endpoints
select endpoint, sip_secret from operators where endpoint is not null order by endpoint;
