-- What to carry to a sink now: the feed's next events of its types past its cursor, at most `max` and about max_bytes.
-- One row, none when it is paused or gone: sent_seq, the cursor, and read_to, how far the feed was read (null: nothing is
-- there), both for record_sink; then arrays of one length.
-- Locks: none: one relay sends, the lease sees to that. Codes: ZS301 the holder has lost it.
create or replace function zerosum.next_events(
    ledger bigint, sink bigint, max int, max_bytes int, holder text default null
)
returns table (
    name text, url text, ledger_name text, sent_seq bigint, read_to bigint,
    seqs bigint[], ids uuid[], types text[], times timestamptz[], bodies text[]
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off set jit = off as $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    -- So many events are looked at for one that matches, so that a call is short.
    scan_max constant int := 1000;
    s ledger.sinks;
begin
    perform zerosum.check_lease(l, holder);
    select * into s from ledger.sinks s where s.ledger_id = l and s.id = sink and s.paused_at is null;
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
            select m.*, sum(octet_length(m.body)) over (order by m.seq) - octet_length(m.body) as before
            from (
                select c.* from scanned c where zerosum.type_matches(c.type, s.types) order by c.seq limit $3
            ) m
        ), taken as materialized (
            select m.* from matched m where m.before < $4
        )
        select s.name, s.url, (select g.name from ledger.ledgers g where g.ledger_id = l), s.sent_seq,
            case when count(*) < $3 and count(*) = (select count(*) from matched)
                then (select max(c.seq) from scanned c) else max(t.seq) end,
            coalesce(array_agg(t.seq order by t.seq), '{}'), coalesce(array_agg(t.id order by t.seq), '{}'),
            coalesce(array_agg(t.type order by t.seq), '{}'), coalesce(array_agg(t.recorded_at order by t.seq), '{}'),
            coalesce(array_agg(t.body order by t.seq), '{}')
        from taken t;
end $$;
