-- Return the RFC 6962 root over the leaves low .. high - 1 of the ledger's log, counted from 0.
-- low is a multiple of a power of two that is at least high - low, as in every subtree that a
-- proof names. log_root(ledger, 0, size) is the root of the log of that size. The caller asks
-- for no more leaves than the log has.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.log_root(ledger bigint, low bigint, high bigint) returns bytea
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    rest bigint := high - low;
    at bigint := high;
    height int := 0;
    width int;
    node bigint;
    root bytea;
    subtree bytea;
begin
    if rest = 0 then
        return sha256('');
    end if;
    -- Whole subtrees, the lowest and rightmost first: one for each binary digit of the number of
    -- leaves.
    while rest > 0 loop
        if rest % 2 = 1 then
            at := at - (1::bigint << height);
            -- Its 2^(height mod 8) hashes on the level of tiles are in one tile.
            width := 1 << (height % 8);
            node := at >> (height - height % 8);
            subtree := zerosum.hashes_root(
                zerosum.tile_hashes(ledger, height / 8, node / 256, (node % 256)::int, width));
            root := case when root is null then subtree
                else sha256(E'\\x01' || subtree || root) end;
        end if;
        rest := rest / 2;
        height := height + 1;
    end loop;
    return root;
end $$;
