-- Score cards and reviews.

-- The card that a company has now.
-- name: card
select id from score_cards where company_id = $1 order by id desc limit 1

-- name: lines
select l.id, l.title, l.points, l.critical from score_lines l join score_cards c on c.id = l.card_id
where l.card_id = $1 and c.company_id = $2 order by l.place

-- A card is made when its company has none later than $2, the one that was shown.
-- name: make_card
insert into score_cards (company_id, made_by)
select id, $3 from companies
where id = $1 and coalesce((select max(id) from score_cards where company_id = $1), 0) = $2
returning id

-- name: make_lines
insert into score_lines (card_id, place, title, points, critical)
select $1, place, title, points, critical
from unnest($2::text[], $3::integer[], $4::boolean[]) with ordinality as line (title, points, critical, place)

-- name: lock_company
select id from companies where id = $1 for update

-- name: companies
select c.id, c.name, c.language, max(s.made_at) as made_at
from companies c left join score_cards s on s.company_id = c.id
group by c.id order by c.name

-- name: replace
update reviews set replaced_at = now() where recording_id = $1 and made_by = $2 and replaced_at is null

-- name: review
insert into reviews (recording_id, card_id, operator_id, made_by, score, comment)
select r.id, $2, coalesce(k.operator_id, c.operator_id), $3, $4, $5
from recordings r left join calls c on c.id = r.call_id left join talks k on k.recording = r.name
where r.id = $1
returning id

-- name: review_lines
insert into review_lines (review_id, line_id, points)
select $1, l.id, given.points
from unnest($3::integer[]) with ordinality as given (points, place)
join (select id, row_number() over (order by place) as place from score_lines where card_id = $2) l on l.place = given.place

-- name: of_recording
select v.id, v.score, v.comment, v.made_at, v.made_by, o.name, v.card_id,
       (select jsonb_agg(jsonb_build_object('title', l.title, 'points', p.points, 'most', l.points, 'critical', l.critical)
                         order by l.place)
        from review_lines p join score_lines l on l.id = p.line_id where p.review_id = v.id) as lines
from reviews v join operators o on o.id = v.made_by
where v.recording_id = $1 and v.replaced_at is null
order by v.made_at desc

-- What was said of the talks of an operator ($1), and of which; those that were replaced are not.
-- name: of_operator
select v.score, v.comment, v.made_at, v.seen_at, o.name, t.id as ticket, t.number,
       coalesce(k.began_at, c.answered_at, r.expected_at, r.recorded_at, v.made_at) as began_at,
       coalesce(co.zone, 'Europe/Moscow') as zone,
       (select jsonb_agg(jsonb_build_object('title', l.title, 'points', p.points, 'most', l.points, 'critical', l.critical)
                         order by l.place)
        from review_lines p join score_lines l on l.id = p.line_id where p.review_id = v.id) as lines
from reviews v
join operators o on o.id = v.made_by
join recordings r on r.id = v.recording_id
left join talks k on k.recording = r.name
left join calls c on c.id = r.call_id
left join tickets t on t.id = r.ticket_id
left join companies co on co.id = coalesce(r.company_id, c.company_id)
where v.operator_id = $1 and v.replaced_at is null
order by v.made_at desc limit 50

-- name: see
update reviews set seen_at = now() where operator_id = $1 and seen_at is null

-- How many reviews of this operator's talks are new.
-- name: unseen
select count(*) from reviews where operator_id = $1 and replaced_at is null and seen_at is null
