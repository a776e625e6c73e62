-- Release every lease of `holder`, so that other relays need not wait until they end. It no longer
-- counts among the relays.
-- Locks: rows of ledger.feeds by ledger_id; the relay's row of ledger.relays.
-- Codes: none.
create or replace function zerosum.release_leases(holder text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    delete from ledger.relays r where r.holder = $1;
    update ledger.feeds f set until = clock_timestamp()
    from (select ledger_id from ledger.feeds where holder = $1 order by ledger_id for update) x
    where f.ledger_id = x.ledger_id and f.until > clock_timestamp()
$$;
