-- Return the faults of the stored tiles of a ledger's log. Checked: none is missing or too
-- early; level 0 is the events' leaves, where those events still have rows; every hash above is
-- the root of the tile below; every stored root is that of its tile's hashes. Hashes are checked
-- from the level 0 tile number first_tile on.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.verify_tiles(ledger bigint, first_tile bigint default 0)
returns table (fault text, subject text, detail text)
language sql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off as $$
select 'log', 'tiles of level ' || x.level, concat(x.count, ' kept, ', x.full, ' full')
from (
    select v.level, trunc(coalesce(f.last_seq, 0) / 256::numeric ^ (v.level + 1))::bigint as full, (
            select count(*) from ledger.tiles t where t.ledger_id = $1 and t.level = v.level
        ) as count, (
            select max(t.number) + 1 from ledger.tiles t where t.ledger_id = $1
                and t.level = v.level
        ) as next
    from generate_series(0, 7) v (level) left join ledger.feeds f on f.ledger_id = $1
) x
where x.count <> x.full or coalesce(x.next, 0) <> x.full
union all
select 'log', concat('tile ', t.level, '/', t.number), 'not what is below it, or not its root'
from ledger.tiles t
cross join lateral (
    select case when t.level = 0 then (
            select string_agg(v.leaf, '' order by v.seq)
                from zerosum.feed($1, t.number * 256, (t.number + 1) * 256) v
            having count(*) = 256
        ) else (
            select string_agg(b.root, '' order by b.number) from ledger.tiles b
            where b.ledger_id = $1 and b.level = t.level - 1 and b.number >= t.number * 256
                and b.number < (t.number + 1) * 256
        ) end as hashes
) b
where t.ledger_id = $1 and t.number >= $2 / (1::bigint << 8 * t.level)
    and (t.hashes <> b.hashes or t.root <> zerosum.hashes_root(array(
    select substr(t.hashes, i * 32 + 1, 32) from generate_series(0, 255) i)))
$$;
