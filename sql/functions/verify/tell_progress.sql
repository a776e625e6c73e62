-- Raise a NOTICE of the progress if the last one, at `told`, is a second old. Return when the
-- last one was.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.tell_progress(told timestamptz, message text) returns timestamptz
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if clock_timestamp() <= told + interval '1 second' then
        return told;
    end if;
    raise notice '%', message;
    return clock_timestamp();
end $$;
