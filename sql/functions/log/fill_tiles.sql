-- Store the tiles that a log of `size` leaves fills and that are not stored yet. The caller
-- stamps: it has locked the ledger's feed, and the leaves exist.
-- Locks: none; the caller has locked ledger.feeds.
-- Codes: none.
create or replace function zerosum.fill_tiles(ledger bigint, size bigint) returns void
language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off
    set enable_bitmapscan = off set jit = off as $$
#variable_conflict use_variable
declare
    l constant bigint := ledger;
    at smallint := 0;
    full_tiles bigint := size / 256;
    next bigint;
    hashes bytea[];
    joined bytea;
begin
    while full_tiles > 0 loop
        next := coalesce((
            select t.number + 1 from ledger.tiles t where t.ledger_id = l and t.level = at
            order by t.number desc limit 1), 0);
        exit when next >= full_tiles;
        for number in next..full_tiles - 1 loop
            if at = 0 then
                select array_agg(v.leaf), string_agg(v.leaf, '') into hashes, joined
                from (
                    select v.leaf from ledger.events v
                    where v.ledger_id = l and v.seq > number * 256 and v.seq <= number * 256 + 256
                        order by v.seq
                ) v;
            else
                hashes := zerosum.tile_hashes(l, at, number, 0, 256);
                joined := (select string_agg(h.hash, '' order by h.i)
                    from unnest(hashes) with ordinality h (hash, i));
            end if;
            insert into ledger.tiles (ledger_id, level, number, root, hashes)
            select g.ledger_id, at, number, zerosum.hashes_root(hashes), joined
            from ledger.ledgers g where g.ledger_id = l;
        end loop;
        at := at + 1;
        full_tiles := full_tiles / 256;
    end loop;
end $$;
