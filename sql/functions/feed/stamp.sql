-- Give the ledger's next outbox rows, at most max_events, their gapless seq, body and leaf, and
-- delete them, in one transaction that checks the lease. Tiles of the log that are full now are
-- stored with them. Endpoints and sinks read the feed by cursors of their own.
-- Body: {"id","type","seq","ledger","timestamp","data"}. Leaf: sha256(0x00 || body). Event seq
-- is leaf seq - 1 of the ledger's RFC 6962 tree.
-- Returns one row: how many events were stamped, and the endpoints and sinks that one of their
-- types is for.
-- Locks: the ledger's row in ledger.feeds; outbox rows by ord.
-- Codes: ZS301 the caller does not hold the lease.
create or replace function zerosum.stamp(ledger bigint, holder text, epoch bigint, max_events int)
returns table (stamped int, endpoints bigint[])
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    f ledger.feeds;
    ords bigint[];
    new_types text[];
begin
    f := zerosum.locked_feed(l, holder, epoch);
    ords := array(select o.ord from ledger.outbox o where o.ledger_id = l
        order by o.ord limit max_events);
    stamped := cardinality(ords);
    endpoints := '{}';
    if stamped = 0 then
        return next;
        return;
    end if;
    with stamped_now as (
        insert into ledger.events (ledger_id, seq, transaction_id, recorded_at, id, type, leaf,
            body)
        select b.ledger_id, b.seq, b.transaction_id, b.recorded_at, b.id, b.type,
            sha256(E'\\x00' || convert_to(b.body, 'UTF8')), b.body
        from (
            select s.*, concat('{"id":"', s.id, '","type":"', s.type, '","seq":', s.seq,
                ',"ledger":',
                to_json(s.name), ',"timestamp":', zerosum.time_json(s.recorded_at), ',"data":',
                s.payload,
                '}') as body
            from (
                select o.*, g.name, f.last_seq + row_number() over (order by o.ord) as seq
                from unnest(ords) x (ord)
                cross join lateral (
                    select * from ledger.outbox o where o.ledger_id = l and o.ord = x.ord limit 1
                ) o
                join ledger.ledgers g on g.ledger_id = o.ledger_id
            ) s
        ) b
        order by b.seq
        returning type
    )
    select array_agg(distinct type) into new_types from stamped_now;
    endpoints := array(
        select p.id from ledger.endpoints p
        where p.ledger_id = l and p.disabled_at is null and exists (
            select from unnest(new_types) t (type) where zerosum.type_matches(t.type, p.types))
        union all
        select s.id from ledger.sinks s
        where s.ledger_id = l and s.paused_at is null and exists (
            select from unnest(new_types) t (type) where zerosum.type_matches(t.type, s.types))
    );
    -- The range is for the planner: with a table that was vacuumed and never analysed it would
    -- read all rows of the ledger.
    delete from ledger.outbox o
    where o.ledger_id = l and o.ord between ords[1] and ords[stamped] and o.ord = any (ords);
    update ledger.feeds set last_seq = f.last_seq + stamped where ledger_id = l;
    if f.last_seq / 256 < (f.last_seq + stamped) / 256 then
        perform zerosum.fill_tiles(l, f.last_seq + stamped);
    end if;
    return next;
end $$;
