-- Return the seq after which a reader that has read up to `after` goes on: the same, or for 0,
-- which is the beginning, the last seq that is purged. What was purged is never passed over in
-- silence.
-- Locks: none; who writes down where a reader goes on has locked the ledger's row in ledger.feeds.
-- Codes: ZS302 events after `after` are purged.
create or replace function zerosum.kept_after(ledger bigint, after bigint) returns bigint
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    purged constant bigint := zerosum.purged_seq(ledger);
begin
    if after > 0 and after < purged then
        perform zerosum.refuse_purged(purged);
    end if;
    return greatest(after, purged);
end $$;
