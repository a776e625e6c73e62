-- Stop whoever is not the relay that holds the ledger's lease: one that was paused past it would send twice what the
-- other sends. A null holder is nobody who sends.
-- Locks: none. Codes: ZS301 the lease is not held.
create or replace function zerosum.check_lease(ledger bigint, holder text) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
    if holder is not null and not exists (
        select from ledger.feeds f
        where f.ledger_id = $1 and f.holder = $2 and f.until > clock_timestamp())
    then
        raise exception 'the lease of ledger % is not held', $1 using errcode = 'ZS301';
    end if;
end $$;
