-- A ticket with what its crew must know of it.
create or replace view crew_tickets as
select t.id as ticket_id,
       t.number,
       t.company_id,
       m.name as company,
       m.zone,
       t.state,
       coalesce(case k.language when 'ru' then c.name_ru else c.name_en end, '') as category,
       coalesce(c.class, '') as category_class,
       t.subject,
       t.description,
       coalesce(concat_ws(', ', nullif(h.city, ''), h.street, h.building), '') as address,
       p.entrance,
       coalesce(p.flat, '') as flat,
       t.common_property,
       coalesce(nullif(t.contact_name, ''), r.name, '') as contact_name,
       coalesce(nullif(t.contact_phone, ''), t.caller) as contact_phone,
       t.access_at,
       t.access_reason,
       t.access_people,
       t.planned_from,
       t.planned_until,
       t.opened_at,
       -- What the crew does by then; telling the resident is the dispatcher's.
       (select min(d.due_at) from ticket_deadlines d
        where d.ticket_id = t.id and d.step <> 'tell' and d.met_at is null) as due_at,
       coalesce(s.name, '') as responsible,
       t.result,
       k.id as crew_id,
       k.name as crew,
       k.language,
       k.email,
       k.webhook_url,
       k.webhook_secret,
       t.waiting_since
from tickets t
join crews k on k.id = t.crew_id
join companies m on m.id = t.company_id
left join categories c on c.id = t.category_id
left join houses h on h.id = t.house_id
left join premises p on p.id = t.premises_id
left join residents r on r.id = t.resident_id
left join responsibles s on s.id = t.responsible_id;
grant select on crew_tickets to callcenter_runtime;
