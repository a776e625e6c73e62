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
    place bigint;
    c ledger.consumers;
begin
    select f.last_seq into last from ledger.feeds f where f.ledger_id = $1 for update;
    place := zerosum.kept_after($1, least($3 - 1, last));
    update ledger.consumers o
    set acknowledged_seq = place, lease = null, leased_seq = null, leased_until = null
    where o.ledger_id = $1 and o.name = $2
    returning o.* into c;
    if c.name is not null then
        body := zerosum.consumer_json(c);
        return next;
    end if;
end $$;
