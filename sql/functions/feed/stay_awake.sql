-- Tell every writer that the relay looks for events by itself for so long, so that no writer
-- need notify. 0: the relay is about to sleep. Writers see this at once, outside of
-- transactions.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.stay_awake(milliseconds int) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select setval('ledger.awake', case when $1 = 0 then 0
        else (extract(epoch from clock_timestamp()) * 1000)::bigint + $1 end)
$$;
