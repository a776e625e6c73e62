-- Return the RFC 6962 proof (section 2.1.1) that event seq, which is leaf seq - 1, is in the
-- ledger's log of `size` leaves: the hashes beside its path, the leaf's sibling first. null:
-- there is no such event, or the log has not had that size.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.log_inclusion(ledger bigint, seq bigint, size bigint)
returns bytea[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    low bigint := 0;
    high bigint := size;
    middle bigint;
    path bytea[] := '{}';
begin
    if seq < 1 or seq > size
        or size > coalesce((select f.last_seq from ledger.feeds f where f.ledger_id = $1), 0) then
        return null;
    end if;
    while high - low > 1 loop
        middle := low + zerosum.split_width(high - low);
        if seq <= middle then
            path := zerosum.log_root(ledger, middle, high) || path;
            high := middle;
        else
            path := zerosum.log_root(ledger, low, middle) || path;
            low := middle;
        end if;
    end loop;
    return path;
end $$;
