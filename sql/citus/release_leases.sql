-- zerosum.release_leases() on Citus, which locks no rows of several shards at once.
-- Locks: rows of ledger.feeds.
-- Codes: none.
create or replace function zerosum.release_leases(holder text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    moment constant timestamptz := clock_timestamp();
    one bigint;
begin
    delete from ledger.relays r where r.holder = $1;
    for one in select f.ledger_id from ledger.feeds f where f.holder = $1 loop
        update ledger.feeds f set until = moment
        where f.ledger_id = one and f.holder = $1 and f.until > moment;
    end loop;
end $$;
