-- What is left of the parts that a batch's captures, voids and reversals are about, each once, as of `at`: of a hold's
-- posting what it holds, of a transaction's what is not reversed yet. origins and postings name them; the status is
-- a hold's, null for a transaction. The caller has their wallets locked, and calls this after that.
-- Locks: none. Codes: none.
create or replace function zerosum.part_states(
    ledger bigint, at timestamptz, origins bigint[], postings smallint[]
) returns table (origin bigint, posting smallint, status text, amount numeric, captured numeric, remaining numeric)
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
    select x.origin, x.posting,
        case when h.status = 'pending' and h.expires_at <= $2 then 'expired' else h.status end,
        coalesce(p.amount, e.amount), coalesce(p.captured, r.reversed, 0),
        coalesce(p.held, e.amount - coalesce(r.reversed, 0))
    from (
        select distinct u.origin, u.posting from unnest($3, $4) u (origin, posting) where u.origin is not null
    ) x
    left join lateral (
        select * from ledger.holds h where h.ledger_id = $1 and h.id = x.origin limit 1
    ) h on true
    left join lateral (
        select * from ledger.hold_postings p
        where p.ledger_id = $1 and p.hold_id = x.origin and p.posting = x.posting limit 1
    ) p on true
    left join lateral (
        select * from ledger.entries e
        where e.ledger_id = $1 and e.transaction_id = x.origin and e.posting = x.posting and e.amount > 0 limit 1
    ) e on true
    left join lateral (
        select * from ledger.reversed_postings r
        where r.ledger_id = $1 and r.transaction_id = x.origin and r.posting = x.posting limit 1
    ) r on true
    order by x.origin, x.posting
$$;
