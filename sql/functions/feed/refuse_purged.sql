-- Refuse to read events that are purged. The error's detail is the JSON of its facts.
-- Locks: none.
-- Codes: ZS302 always.
create or replace function zerosum.refuse_purged(purged_seq bigint) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'events up to seq % are purged', purged_seq
        using errcode = zerosum.sqlstate('events_purged'),
            detail = json_build_object('purged_seq', purged_seq)::text;
end $$;
