-- name: company
insert into companies (name) values ($1) on conflict (name) do update set name = excluded.name returning id;

-- name: number
insert into numbers (number, company_id) values ($1, $2)
on conflict (number) do update set company_id = excluded.company_id;

-- name: crews
insert into crews (company_id, name, phone) select $1, * from unnest($2::text[], $3::text[])
on conflict (company_id, name) do nothing;

-- name: house
insert into houses (company_id, city, street, building) values ($1, $2, $3, $4)
on conflict (company_id, city, street, building) do nothing returning id;

-- name: flats
insert into premises (house_id, flat) select $1, generate_series(1, $2)::text returning id, flat;

-- name: residents
insert into residents (premises_id, name) select * from unnest($1::int[], $2::text[]) returning id;

-- name: phones
insert into resident_phones (phone, resident_id) select * from unnest($1::text[], $2::int[]);

-- name: term
insert into keeping_terms (company_id, kind, months) values ($1, $2, $3) on conflict do nothing;

-- name: operator
insert into operators (login, name, role, password_hash, endpoint, sip_secret, company_id)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (login) do update set
    name = excluded.name, role = excluded.role, password_hash = excluded.password_hash,
    endpoint = excluded.endpoint, sip_secret = excluded.sip_secret,
    company_id = excluded.company_id, crew_id = null, active = true, totp_secret = null
returning id;
