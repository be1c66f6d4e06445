-- A pause lasts no longer than its talk.
create or replace function end_pauses() returns trigger language plpgsql as $$
begin
    update recording_pauses set ended_at = new.ended_at where recording = new.recording and ended_at is null;
    return null;
end $$;
create or replace trigger end_pauses after update on talks for each row
    when (old.ended_at is null and new.ended_at is not null) execute function end_pauses();
