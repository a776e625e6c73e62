-- Return a page of the feed for one reader: the events after seq `after` that match `types`,
-- `wallets` and `kinds` as zerosum.event_matches() reads them, in order, at most `max`. One row:
-- read_to: the seq up to which the feed was read, which is the reader's next `after`; at_end:
-- whether nothing is stamped beyond that; seqs and bodies: arrays of one length.
-- `after` 0: from the oldest event that is kept.
-- Locks: none.
-- Codes: ZS302 events after `after` are purged; ZS303 the feed ends before `after`.
create or replace function zerosum.read_events(
    ledger bigint, after bigint, max int, types text[] default '{*}',
    wallets text[] default '{*}', kinds text[] default '{*}'
) returns table (read_to bigint, at_end boolean, seqs bigint[], bodies text[])
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
    set jit = off as $$
#variable_conflict use_column
declare
    low constant bigint := zerosum.kept_after($1, $2);
    all_wanted constant boolean := '*' = any ($4) and '*' = any ($5) and '*' = any ($6);
    last constant bigint := coalesce((
        select f.last_seq from ledger.feeds f where f.ledger_id = $1), 0);
begin
    perform zerosum.refuse_ahead($2, last);
    -- With a filter at most this many events are scanned, so that a call is short.
    return query with scanned as materialized (
        select v.seq, v.type, v.body
        from zerosum.feed($1, low, least(low, 1::bigint << 62)
            + case when all_wanted then $3 else greatest($3, 1000) end) v
        order by v.seq
    ), matched as materialized (
        select c.seq, c.body from scanned c
        -- (Whoever reads all reads seqs without gaps, ledger.skipped too.)
        where all_wanted or zerosum.event_matches(c.type, c.body, $4, $5, $6)
        order by c.seq
        limit $3
    ), page as (
        select count(*) as size, max(m.seq) as last_seq,
            coalesce(array_agg(m.seq order by m.seq), '{}') as seqs,
            coalesce(array_agg(m.body order by m.seq), '{}') as bodies
        from matched m
    ), position as (
        select coalesce(case when p.size < $3 then (select max(c.seq) from scanned c)
            else p.last_seq end, low) as read_to
        from page p
    )
    select position.read_to, position.read_to >= last, page.seqs, page.bodies
    from page, position;
end $$;
