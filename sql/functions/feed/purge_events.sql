-- Purge the ledger's oldest events that were recorded more than so many seconds ago and that every
-- reader has passed: at most max_bundles bundles of 256, so that a call is short. Their tiles of
-- the log stay, and of each event its id, its type and which transaction it tells.
-- The caller holds the lease. Returns how many bundles were purged.
-- Locks: the ledger's row in ledger.feeds, which whoever puts a reader further back locks too.
-- Codes: ZS301 the caller does not hold the lease.
create or replace function zerosum.purge_events(ledger bigint, holder text, epoch bigint,
    seconds float8, max_bundles int)
returns int
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
    set jit = off as $$
#variable_conflict use_variable
declare
    l constant bigint := ledger;
    first bigint;
    upto bigint;
    purged int;
begin
    perform zerosum.locked_feed(l, holder, epoch);
    first := zerosum.purged_seq(l) / 256;
    upto := least(zerosum.readers_passed(l), zerosum.seq_at(l,
        clock_timestamp() - make_interval(secs => seconds))) / 256;
    -- Losing this commit only means that the rows are deleted again.
    perform set_config('synchronous_commit', 'off', true);
    insert into ledger.purged_bundles (ledger_id, number, transaction_ids, ids, types)
    select b.ledger_id, b.number, b.transaction_ids, b.ids, b.types from ledger.event_bundles b
    where b.ledger_id = l and b.number >= first and b.number < least(upto, first + max_bundles);
    get diagnostics purged = row_count;
    delete from ledger.event_bundles b
    where b.ledger_id = l and b.number >= first and b.number < first + purged;
    return purged;
end $$;
