-- Lock and return the ledger's feed, for the relay that holds its lease.
-- Locks: the ledger's row in ledger.feeds.
-- Codes: ZS301 the caller does not hold the lease.
create or replace function zerosum.locked_feed(ledger bigint, holder text, epoch bigint)
returns ledger.feeds
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    f ledger.feeds;
begin
    select * into f from ledger.feeds where ledger_id = $1 for update;
    if not found or f.holder is distinct from $2 or f.epoch is distinct from $3
        or f.until <= clock_timestamp() then
        raise exception 'the lease of ledger % is not held', $1
            using errcode = zerosum.sqlstate('lease_lost');
    end if;
    return f;
end $$;
