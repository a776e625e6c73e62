-- End what start_import() began: the feed goes on after the last imported event, the log's tiles
-- are stored, and new transactions get higher ids than the imported ones. Returns the log's size
-- and root.
-- Locks: none; the caller has locked ledger.feeds.
-- Codes: none.
create or replace function zerosum.end_import(ledger bigint) returns table (size bigint, root bytea)
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    last_id constant bigint := zerosum.last_transaction(l);
begin
    size := zerosum.last_event(l);
    update ledger.feeds f set last_seq = size where f.ledger_id = l;
    perform zerosum.fill_tiles(l, size);
    root := zerosum.log_root(l, 0, size);
    if last_id > (select s.last_value from ledger.transaction_id s) then
        perform setval('ledger.transaction_id', last_id);
    end if;
    return next;
end $$;
