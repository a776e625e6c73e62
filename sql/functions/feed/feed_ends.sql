-- Return the seq of the last event of each of these ledgers' feeds; 0: there is none yet.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.feed_ends(ledgers bigint[])
returns table (ledger_id bigint, last_seq bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select f.ledger_id, f.last_seq from ledger.feeds f where f.ledger_id = any ($1)
$$;
