-- Tell every writer that the relay looks by itself for this long, so that none need notify; 0: it is about to sleep.
-- Seen at once, outside of transactions.
-- Locks: none. Codes: none.
create or replace function zerosum.stay_awake(milliseconds int) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    select setval('ledger.awake', case when $1 = 0 then 0
        else (extract(epoch from clock_timestamp()) * 1000)::bigint + $1 end)
$$;
