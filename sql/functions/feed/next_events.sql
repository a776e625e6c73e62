-- Return what to send to a sink now: the feed's next events of its types after its cursor, at
-- most `max` and about max_bytes. One row: sent_seq (the cursor), read_to (how far the feed was
-- read; null: there is nothing), both for record_sink(), and arrays of one length. No row if the
-- sink is paused or does not exist.
-- Locks: none; one relay sends, by its lease.
-- Codes: ZS301 the holder has lost the lease.
create or replace function zerosum.next_events(
    ledger bigint, sink bigint, max int, max_bytes int, holder text default null
)
returns table (
    name text, url text, ledger_name text, sent_seq bigint, read_to bigint,
    seqs bigint[], ids uuid[], types text[], times timestamptz[], bodies text[]
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
    set jit = off as $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    -- Scan at most this many events, so that a call is short.
    scan_max constant int := 1000;
    s ledger.sinks;
begin
    perform zerosum.check_lease(l, holder);
    select * into s from ledger.sinks s where s.ledger_id = l and s.id = sink
        and s.paused_at is null;
    if not found then
        return;
    end if;
    return query
        with scanned as materialized (
            select v.seq, v.id, v.type, v.recorded_at, v.body
            from zerosum.feed(l, s.sent_seq, s.sent_seq
                + case when '*' = any (s.types) then $3 else greatest($3, scan_max) end) v
            order by v.seq
        ), matched as materialized (
            select m.*, sum(octet_length(m.body)) over (order by m.seq) - octet_length(m.body)
                as before
            from (
                select c.* from scanned c where zerosum.type_matches(c.type, s.types)
                    order by c.seq limit $3
            ) m
        ), taken as materialized (
            select m.* from matched m where m.before < $4
        )
        select s.name, s.url, (select g.name from ledger.ledgers g where g.ledger_id = l),
            s.sent_seq,
            case when count(*) < $3 and count(*) = (select count(*) from matched)
                then (select max(c.seq) from scanned c) else max(t.seq) end,
            coalesce(array_agg(t.seq order by t.seq), '{}'),
            coalesce(array_agg(t.id order by t.seq), '{}'),
            coalesce(array_agg(t.type order by t.seq), '{}'),
            coalesce(array_agg(t.recorded_at order by t.seq), '{}'),
            coalesce(array_agg(t.body order by t.seq), '{}')
        from taken t;
end $$;
