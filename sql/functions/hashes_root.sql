-- The root over these hashes, 32 bytes each, of a whole subtree: their number is a power of two. By RFC 6962 a node is
-- sha256(0x01 || left || right).
-- Locks: none. Codes: none.
create or replace function zerosum.hashes_root(hashes bytea) returns bytea
language plpgsql immutable strict set search_path = pg_catalog, pg_temp as $$
begin
    while octet_length(hashes) > 32 loop
        hashes := (
            select string_agg(sha256('\x01' || substr(hashes, i * 64 + 1, 64)), '' order by i)
            from generate_series(0, octet_length(hashes) / 64 - 1) i);
    end loop;
    return hashes;
end $$;
