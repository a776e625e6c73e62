-- Return where this server is in the write-ahead log, and whether it is a standby: a primary's end
-- of the log, or what a standby has replayed. What was committed before the call on a primary lies
-- below its position.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.wal_position()
returns table (place text, standby boolean)
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
    select (case when r.standby then pg_last_wal_replay_lsn()
            else pg_current_wal_insert_lsn() end)::text,
        r.standby
    from (select pg_is_in_recovery() as standby) r
$$;
