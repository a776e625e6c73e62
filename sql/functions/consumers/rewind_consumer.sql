-- Let a consumer go on with the event `next_seq`: again, or without those between. A page that is
-- leased is taken from its reader.
-- Returns the consumer as JSON text; no row if it does not exist.
-- Locks: the ledger's row in ledger.feeds, so that nothing is purged meanwhile; the consumer's row.
-- Codes: ZS302 events from next_seq on are purged.
create or replace function zerosum.rewind_consumer(ledger bigint, name text, next_seq bigint)
returns table (body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    last bigint;
begin
    select f.last_seq into last from ledger.feeds f where f.ledger_id = $1 for update;
    return query
        update ledger.consumers c
        set acknowledged_seq = zerosum.kept_after($1, least($3 - 1, last)), lease = null,
            leased_seq = null, leased_until = null
        where c.ledger_id = $1 and c.name = $2
        returning zerosum.consumer_json(c);
end $$;
