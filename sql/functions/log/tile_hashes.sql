-- Return `count` hashes of a tile of the ledger's log, from number `first` on: of the leaves
-- (level 0), or of the roots of the full tiles of the level below. They come from the tile if it
-- is stored, else from the level below. The caller asks for no more than the log has.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.tile_hashes(ledger bigint, level int, tile bigint, first int,
    count int)
returns bytea[]
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off
    set enable_bitmapscan = off set jit = off as $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    at constant smallint := level;
    below constant bigint := tile * 256 + first;
    kept constant bytea := (
        select substr(t.hashes, first * 32 + 1, $5 * 32) from ledger.tiles t
        where t.ledger_id = l and t.level = at and t.number = tile limit 1);
begin
    if kept is not null then
        return array(select substr(kept, i * 32 + 1, 32) from generate_series(0, $5 - 1) i);
    elsif at = 0 then
        return array(
            select v.leaf from ledger.events v
            where v.ledger_id = l and v.seq > below and v.seq <= below + $5 order by v.seq);
    end if;
    return array(
        select coalesce(t.root,
            zerosum.hashes_root(zerosum.tile_hashes(l, at - 1, x.number, 0, 256)))
        from generate_series(below, below + $5 - 1) x (number)
        left join lateral (
            select t.root from ledger.tiles t
            where t.ledger_id = l and t.level = at - 1 and t.number = x.number limit 1
        ) t on true
        order by x.number);
end $$;
