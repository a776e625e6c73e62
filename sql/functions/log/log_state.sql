-- Return the name of a ledger's log (log_name()), its size, which is the last seq, and the root
-- at that size.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.log_state(ledger bigint)
returns table (name text, size bigint, root bytea)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select zerosum.log_name(g.ledger_id), coalesce(f.last_seq, 0),
        zerosum.log_root($1, 0, coalesce(f.last_seq, 0))
    from ledger.ledgers g left join ledger.feeds f on f.ledger_id = g.ledger_id
    where g.ledger_id = $1
$$;
