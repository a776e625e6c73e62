-- Release the lease of one ledger, if `holder` has it, so that another relay takes it at once.
-- Locks: the ledger's row of ledger.feeds.
-- Codes: none.
create or replace function zerosum.release_lease(ledger bigint, holder text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    moment constant timestamptz := clock_timestamp();
begin
    update ledger.feeds f set until = moment
    where f.ledger_id = $1 and f.holder = $2 and f.until > moment;
end $$;
