-- zerosum.stamp() on Citus, which pushes an INSERT … SELECT down to a shard only from arrays: the
-- rows come in arrays first.
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
    ledger_name json;
    ords bigint[];
    transaction_ids bigint[];
    times timestamptz[];
    ids uuid[];
    kinds text[];
    bodies text[];
begin
    f := zerosum.locked_feed(l, holder, epoch);
    ledger_name := (select to_json(g.name) from ledger.ledgers g where g.ledger_id = l);
    select array_agg(o.ord), array_agg(o.transaction_id), array_agg(o.recorded_at),
        array_agg(o.id), array_agg(o.type), array_agg(o.payload)
    into ords, transaction_ids, times, ids, kinds, bodies
    from (
        select * from ledger.outbox o where o.ledger_id = l order by o.ord limit max_events
    ) o;
    stamped := coalesce(cardinality(ords), 0);
    endpoints := '{}';
    if stamped = 0 then
        return next;
        return;
    end if;
    bodies := array(
        select concat('{"id":"', u.id, '","type":"', u.type, '","seq":', f.last_seq + u.n,
            ',"ledger":', ledger_name, ',"timestamp":', zerosum.time_json(u.at), ',"data":',
            u.payload, '}')
        from unnest(ids, kinds, times, bodies) with ordinality u (id, type, at, payload, n)
        order by u.n);
    insert into ledger.events (ledger_id, seq, transaction_id, recorded_at, id, type, leaf, body)
    select g.ledger_id, u.*
    from ledger.ledgers g, (
        select f.last_seq + u.n, u.transaction_id, u.at, u.id, u.type,
            sha256(E'\\x00' || convert_to(u.body, 'UTF8')), u.body
        from unnest(transaction_ids, times, ids, kinds, bodies) with ordinality
            u (transaction_id, at, id, type, body, n)
    ) u
    where g.ledger_id = l;
    endpoints := array(
            select p.id from ledger.endpoints p
            where p.ledger_id = l and p.disabled_at is null and exists (
                select from unnest(kinds) t (type) where zerosum.type_matches(t.type, p.types)))
        || array(
            select s.id from ledger.sinks s
            where s.ledger_id = l and s.paused_at is null and exists (
                select from unnest(kinds) t (type) where zerosum.type_matches(t.type, s.types)));
    delete from ledger.outbox o
    where o.ledger_id = l and o.ord between ords[1] and ords[stamped] and o.ord = any (ords);
    update ledger.feeds set last_seq = f.last_seq + stamped where ledger_id = l;
    if f.last_seq / 256 < (f.last_seq + stamped) / 256 then
        perform zerosum.fill_tiles(l, f.last_seq + stamped);
    end if;
    return next;
end $$;
