-- The call of which a recording's name tells, known before the call itself is written (`domain/recording.py`).
alter table recordings add named_call text not null generated always as (split_part(name, '_', 1)) stored;
