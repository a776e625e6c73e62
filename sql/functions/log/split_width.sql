-- Return how many of n > 1 leaves are left of a tree's first split: the largest power of two
-- below n (RFC 6962, section 2.1).
-- Locks: none.
-- Codes: none.
create or replace function zerosum.split_width(n bigint) returns bigint
language plpgsql immutable strict set search_path = pg_catalog, pg_temp as $$
declare
    width bigint := 1;
begin
    while width * 2 < n loop
        width := width * 2;
    end loop;
    return width;
end $$;
