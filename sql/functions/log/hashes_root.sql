-- Return the root over these hashes, numbered from 1, of a whole subtree: their number is a
-- power of two. By RFC 6962 a node is sha256(0x01 || left || right). This works in place and two
-- levels at a time: a statement for each level cost three times as much.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.hashes_root(hashes bytea[]) returns bytea
language plpgsql immutable strict set search_path = pg_catalog, pg_temp as $$
declare
    n int := cardinality(hashes);
    node constant bytea := E'\\x01';
begin
    while n > 2 loop
        n := n / 4;
        for i in 1..n loop
            hashes[i] := sha256(node || sha256(node || hashes[4 * i - 3] || hashes[4 * i - 2])
                || sha256(node || hashes[4 * i - 1] || hashes[4 * i]));
        end loop;
    end loop;
    return case when n = 2 then sha256(node || hashes[1] || hashes[2]) else hashes[1] end;
end $$;
