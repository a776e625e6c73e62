-- Return the event of a transaction, byte for byte as it is delivered. It is looked for from a
-- second before the transaction's time on, among 20,000 events: a transaction that stayed open for
-- long has its event later in the feed. No row: there is no such transaction, or its event is not
-- stamped yet or lies further on.
-- Locks: none.
-- Codes: ZS302 the event is purged.
create or replace function zerosum.transaction_event(ledger bigint, id bigint)
returns table (seq bigint, body text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
    set jit = off as $$
#variable_conflict use_column
declare
    step constant int := 1000;
    at constant timestamptz := (
        select t.recorded_at from ledger.transactions t where t.ledger_id = $1 and t.id = $2);
    first constant bigint := zerosum.seq_at($1, at - interval '1 second');
    purged constant bigint := zerosum.purged_seq($1);
    low bigint := first;
begin
    while low < first + 20 * step loop
        return query
            select v.seq, v.body from zerosum.feed($1, low, low + step) v
            where v.transaction_id = $2;
        exit when found or low >= zerosum.last_event($1);
        low := low + step;
    end loop;
    if not found and purged > 0 and first = purged then
        perform zerosum.refuse_purged(purged);
    end if;
end $$;
