-- Let a consumer go on with the event `next_seq`: again, or without those between. A page that is
-- leased is taken from its reader.
-- Returns the consumer as JSON text; no row if it does not exist.
-- Locks: the consumer's row.
-- Codes: none.
create or replace function zerosum.rewind_consumer(ledger bigint, name text, next_seq bigint)
returns table (body text)
language sql security definer set search_path = pg_catalog, pg_temp as $$
    update ledger.consumers c
    set acknowledged_seq = least($3 - 1, f.last_seq), lease = null, leased_seq = null,
        leased_until = null
    from ledger.feeds f
    where c.ledger_id = $1 and c.name = $2 and f.ledger_id = $1
    returning zerosum.consumer_json(c)
$$;
