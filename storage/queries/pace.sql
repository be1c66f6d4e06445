-- How fast waiting callers are served at the node $1: how long the last talks took on average, how many operators are there
-- to take calls, and how many callers wait in each queue.
-- name: pace
select (select avg(talk_s) from (
            select t.talk_s from talks t
            -- Below zero: Asterisk's clock was set back in it.
            where t.kind = 'queue' and t.talk_s >= 0 and t.began_at > now() - interval '2 hours'
              and t.operator_id in (select id from operators where node is null or node = $1)
            order by t.began_at desc limit 30) recent) as handling_s,
       (select count(*) from operators o join presence p on p.operator_id = o.id
        where o.endpoint is not null and o.active and (o.node is null or o.node = $1) and p.wanted = 'available') as operators,
       (select coalesce(jsonb_object_agg(number, waiting), '{}') from (
            select n.number, count(c.id) as waiting
            from numbers n
            left join calls c on c.node = $1 and c.state = 'waiting' and coalesce(c.queue, c.did) = n.number
            group by n.number) queues) as waiting;
