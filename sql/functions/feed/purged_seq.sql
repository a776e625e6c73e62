-- Return the seq up to which the ledger's events are purged; 0: none is.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.purged_seq(ledger bigint) returns bigint
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
    select coalesce((
        select (p.number + 1) * 256 from ledger.purged_bundles p where p.ledger_id = $1
        order by p.number desc limit 1), 0)
$$;
