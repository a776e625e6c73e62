-- Raise an error unless the caller is the relay that holds the ledger's lease: a relay that was
-- paused past its lease would send what its successor sends. A null holder passes: it sends
-- nothing.
-- Locks: none.
-- Codes: ZS301 the lease is not held.
create or replace function zerosum.check_lease(ledger bigint, holder text) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
    if holder is not null and not exists (
        select from ledger.feeds f
        where f.ledger_id = $1 and f.holder = $2 and f.until > clock_timestamp())
    then
        raise exception 'the lease of ledger % is not held', $1
            using errcode = zerosum.sqlstate('lease_lost');
    end if;
end $$;
