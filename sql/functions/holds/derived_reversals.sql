-- Return the postings of each unsettled reversal: those of its transaction that it names (all,
-- if it names none), with source and destination exchanged, in order. A request that can have
-- none is one row with a refusal. Arguments and columns are those of derived_captures(). The
-- planner inlines this into derive_postings(), so it is not security definer and has no
-- search_path.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.derived_reversals(l bigint, requests ledger.request[],
    outcomes text[])
returns table (posting ledger.posting, refusal text, sized bool)
language sql stable as $$
    select row(null, c.number, case when c.takes then c.source end,
        case when c.takes then c.destination end,
            c.amount::numeric, case when c.takes then c.origin end, c.posting)::ledger.posting,
        case
            when c.of_kind is null then '{"code" : "unknown_transaction"}'
            when c.of_kind in ('hold', 'void', 'reversal') then '{"code" : "not_reversible"}'
            when c.posting > 1 and c.options ? 'amount' then '{"code" : "invalid_postings"}'
        end,
        c.posting > 30 or c.options ? 'postings'
    from (
        select a.number, a.options, a.origin, p.of_kind, p.posting, p.source, p.destination,
            p.one is not null or not a.options ? 'postings' as takes,
            coalesce(p.one, a.options) ->> 'amount' as amount
        from (
            select r.number, r.options, (r.options ->> 'transaction')::bigint as origin
            from unnest(requests) r
            where r.kind = 'reversal' and outcomes[r.number] is null
        ) a
        left join lateral (
            select t.kind as of_kind, d.posting, d.wallet_id as source, s.wallet_id as destination,
                case when a.options ? 'postings'
                    then (select n.one from zerosum.named_part(a.options, d.posting) n) end as one
            from ledger.transactions t
            left join lateral (
                select * from ledger.entries d
                where d.ledger_id = l and d.transaction_id = t.id and d.amount > 0
                    order by d.posting offset 0
            ) d on true
            left join lateral (
                select * from ledger.entries s
                where s.ledger_id = l and s.transaction_id = t.id and s.posting between d.posting
                    and d.posting and s.amount < 0
                order by s.posting limit 1
            ) s on true
            where t.ledger_id = l and t.id = a.origin
        ) p on true
    ) c
    -- (Keep the first row, without wallets, so that a request with no postings found is still
    -- returned.)
    where c.takes or c.posting is null or c.posting = 1
$$;
