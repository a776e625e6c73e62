-- Of each reversal without an outcome, the postings that it has: those of the transaction that it is about which it names (all,
-- if it names none), turned round, in order; or one row with a refusal. Arguments and what comes back are as
-- derived_captures() has them.
-- Inlined into derive_postings(), hence neither security definer nor a search_path.
-- Locks: none. Codes: none.
create or replace function zerosum.derived_reversals(l bigint, kinds text[], options jsonb[], outcomes text[])
returns table (i int, source text, destination text, amount numeric, origin bigint, posting smallint, refusal text, sized bool)
language sql stable as $$
    select c.i, case when c.takes then c.source end, case when c.takes then c.destination end,
        c.amount::numeric, case when c.takes then c.origin end, c.posting,
        case
            when c.of_kind is null then '{"code" : "unknown_transaction"}'
            when c.of_kind in ('hold', 'void', 'reversal') then '{"code" : "not_reversible"}'
            when c.posting > 1 and c.given ? 'amount' then '{"code" : "invalid_postings"}'
        end,
        c.posting > 30 or c.given ? 'postings'
    from (
        select a.i, a.given, a.origin, p.of_kind, p.posting, p.source, p.destination,
            p.one is not null or not a.given ? 'postings' as takes, coalesce(p.one, a.given) ->> 'amount' as amount
        from (
            select r.i::int as i, r.given, (r.given ->> 'transaction')::bigint as origin
            from unnest(kinds, options, outcomes) with ordinality r (kind, given, outcome, i)
            where r.kind = 'reversal' and r.outcome is null
        ) a
        left join lateral (
            select t.kind as of_kind, d.posting, d.wallet_id as source, s.wallet_id as destination,
                case when a.given ? 'postings' then (select n.one from zerosum.named_part(a.given, d.posting) n) end as one
            from ledger.transactions t
            left join lateral (
                select * from ledger.entries d
                where d.ledger_id = l and d.transaction_id = t.id and d.amount > 0 order by d.posting offset 0
            ) d on true
            left join lateral (
                select * from ledger.entries s
                where s.ledger_id = l and s.transaction_id = t.id and s.posting between d.posting and d.posting and s.amount < 0
                order by s.posting limit 1
            ) s on true
            where t.ledger_id = l and t.id = a.origin
        ) p on true
    ) c
    -- (The first stays, with no wallets, so that a request of which nothing is found is seen.)
    where c.takes or c.posting is null or c.posting = 1
$$;
