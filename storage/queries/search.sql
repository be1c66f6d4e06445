-- What lists of several subjects are searched by.

-- Houses of the company $1, of all when null, at the address $2, at most $3.
-- name: houses
select id from houses
where ($1::integer is null or company_id = $1)
  and to_tsvector('simple', concat_ws(' ', city, street, building)) @@ $2::text::tsquery
limit $3
