-- Return the RFC 6962 proof (section 2.1.2) that the ledger's log of `size` leaves begins with
-- the log of old_size leaves. Empty when one is all of the other, or nothing. null: the log has
-- not had these sizes in this order.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.log_consistency(ledger bigint, old_size bigint, size bigint)
returns bytea[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    low bigint := 0;
    high bigint := size;
    middle bigint;
    path bytea[] := '{}';
    known boolean := true; -- Whether the subtree's root is the old root, which the caller has.
begin
    if old_size < 0 or old_size > size
        or size > coalesce((select f.last_seq from ledger.feeds f where f.ledger_id = $1), 0) then
        return null;
    elsif old_size = 0 then
        return path;
    end if;
    while old_size < high loop
        middle := low + zerosum.split_width(high - low);
        if old_size <= middle then
            path := zerosum.log_root(ledger, middle, high) || path;
            high := middle;
        else
            path := zerosum.log_root(ledger, low, middle) || path;
            low := middle;
            known := false;
        end if;
    end loop;
    return case when known then path else zerosum.log_root(ledger, low, high) || path end;
end $$;
