-- Return the next events of a replay, at most `max`: their seqs in order, and how far it was read.
-- A call scans at most 1,000 events, so that it is short.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.replay_page(r ledger.replays, max int)
returns table (seqs bigint[], read_to bigint)
language sql stable
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
    set jit = off as $$
    with scanned as materialized (
        select v.seq, v.type, v.body
        from zerosum.feed(r.ledger_id, r.read_seq, least(r.upto_seq, r.read_seq + 1000)) v
        order by v.seq
    ), matched as materialized (
        select s.seq from scanned s, ledger.endpoints p
        where p.ledger_id = r.ledger_id and p.id = r.endpoint_id
            and s.type not in ('endpoint.test', 'endpoint.failing')
            and zerosum.type_matches(s.type, r.types)
            and zerosum.event_matches(s.type, s.body, p.types, p.wallets, p.kinds)
            and (r.status is null or r.status = (
                select d.status from ledger.deliveries d
                where d.endpoint_id = r.source_id and d.ledger_id = r.ledger_id and d.seq = s.seq))
        order by s.seq limit $2
    )
    select coalesce(array_agg(m.seq order by m.seq), '{}'),
        case when count(*) < $2 then coalesce((select max(s.seq) from scanned s), r.upto_seq)
            else max(m.seq) end
    from matched m
$$;
