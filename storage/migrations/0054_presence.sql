-- Why operators pause: what they may choose from, and what each has chosen.
create table pause_reasons (
    code    text primary key check (code ~ '^[a-z][a-z_]{0,19}$'),
    place   smallint not null unique,
    name_ru text not null check (name_ru <> ''),
    name_en text not null check (name_en <> ''),
    active  boolean not null default true
);
comment on table pause_reasons is 'What an operator may give as the reason of a pause. One that is not active is offered no more.';
insert into pause_reasons (code, place, name_ru, name_en) values
    ('break', 1, 'перерыв', 'break'),
    ('lunch', 2, 'обед', 'lunch'),
    ('training', 3, 'обучение', 'training'),
    ('back_office', 4, 'работа с заявками', 'back office');

alter table presence add column pause text check (pause <> '');
comment on column presence.pause is 'The code of the reason that the operator gave for a pause.';
