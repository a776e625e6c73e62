-- Return the first answers of transactions, byte for byte as post() returned them. They are
-- rebuilt from ledger.transactions, ledger.entries and the part of ledger.hold_postings that
-- never changes. Replays and the reading of one transaction use this. An unknown id returns no
-- row.
-- (Its ORDER BY and planner settings are those of read_parts(), for the same reason.)
-- Locks: none.
-- Codes: none.
create or replace function zerosum.answer(ledger bigint, ids bigint[])
returns table (id bigint, body text)
language sql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_sort = off
    set jit = off as $$
    select t.id, zerosum.transaction_json(t.id, t.kind, coalesce(e.postings, h.postings), e.entries,
        t.reference,
        t.description, t.metadata, zerosum.time_json(t.effective_at),
        zerosum.time_json(t.recorded_at), t.key, t.extra)
    from unnest($2) i (id)
    cross join lateral (
        select * from ledger.transactions t where t.ledger_id = $1 and t.id = i.id limit 1
    ) t
    left join lateral (
        select string_agg(zerosum.posting_json(s.wallet_id, d.wallet_id, d.amount, d.asset), ','
                order by s.posting) as postings,
            string_agg(zerosum.entry_json(s.wallet_id, s.amount, s.balance, s.version) || ',' ||
                zerosum.entry_json(d.wallet_id, d.amount, d.balance, d.version), ','
                order by s.posting) as entries
        from (
            select * from ledger.entries s
            where s.ledger_id = $1 and s.transaction_id = t.id and s.amount < 0
                order by s.posting offset 0
        ) s
        cross join lateral (
            select * from ledger.entries d
            where d.ledger_id = $1 and d.transaction_id = t.id and d.amount > 0
                and d.posting between s.posting and s.posting
            order by d.posting limit 1
        ) d
    ) e on true
    left join lateral (
        select string_agg(zerosum.posting_json(p.source, p.destination, p.amount, p.asset), ','
                order by p.posting) as postings
        from ledger.hold_postings p where t.kind = 'hold' and p.ledger_id = $1
            and p.hold_id = t.id
    ) h on true
$$;
