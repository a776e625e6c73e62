-- The postings of a batch's captures, voids and reversals, from those of the hold or transaction that each is about: a
-- row a posting, or one with a code and facts. amount null: all that is left. A hold has all of its postings in each,
-- since whoever changes it locks all of its sources; those that capture nothing have no destination.
-- Requests with an outcome are settled already. What is read here never changes: no lock is needed.
-- (Orders and prices as part_states() has them, and for its reason.)
-- Locks: none. Codes: none.
create or replace function zerosum.derived_postings(
    ledger bigint, kinds text[], options jsonb[], outcomes text[], metadatas jsonb[]
) returns table (i int, posting smallint, origin bigint, source text, destination text, amount numeric, refusal text)
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_hashjoin = off
set enable_mergejoin = off set enable_sort = off set jit = off
set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
begin
return query
with asked as (
    select r.i::int as i, r.kind, r.given, (r.given ->> case when r.kind = 'reversal' then 'transaction' else 'hold' end)::bigint
        as origin, octet_length(coalesce(r.metadata, '{}')::text) as told
    from unnest(kinds, options, outcomes, metadatas) with ordinality r (kind, given, outcome, metadata, i)
    where r.kind in ('capture', 'void', 'reversal') and r.outcome is null
), parts as (
    select a.i, a.kind, a.given, a.origin, a.told, p.kind as of_kind, p.posting, p.source, p.destination, p.asset,
        count(*) over (partition by a.i) as size
    from asked a
    left join lateral (
        select 'hold' as kind, h.posting, h.source, h.destination, h.asset
        from ledger.hold_postings h
        where a.kind <> 'reversal' and h.ledger_id = l and h.hold_id = a.origin
        union all
        select t.kind, d.posting, d.wallet_id, s.wallet_id, d.asset
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
        where a.kind = 'reversal' and t.ledger_id = l and t.id = a.origin
    ) p on true
), chosen as (
    select p.*, c.one is not null as named,
        coalesce(c.one ->> 'destination', p.given ->> 'destination', p.destination) as goes_to,
        (case when p.given ? 'postings' then c.one ->> 'amount' else p.given ->> 'amount' end)::numeric as amount
    from parts p
    left join lateral (
        select x.one from jsonb_array_elements(p.given -> 'postings') x (one)
        where (x.one ->> 'posting')::int = p.posting limit 1
    ) c on true
), sized as (
    select c.*, c.named or not c.given ? 'postings' and c.kind <> 'void' as moves,
        sum(length(c.source) + length(c.goes_to)) over (partition by c.i) as ids,
        count(*) filter (where c.named) over (partition by c.i) as found
    from chosen c
), answered as (
    select s.*, case
            when s.of_kind is null then
                case when s.kind = 'reversal' then '{"code" : "unknown_transaction"}' else '{"code" : "unknown_hold"}' end
            when s.of_kind in ('hold', 'void', 'reversal') and s.kind = 'reversal' then '{"code" : "not_reversible"}'
            when s.given ? 'amount' and s.size > 1 or s.found <> coalesce(jsonb_array_length(s.given -> 'postings'), 0)
                then '{"code" : "invalid_postings"}'
            when s.moves and s.goes_to = s.source then '{"code" : "same_wallet"}'
            -- As check_requests() has it, and what the answer's further members can add: `hold`, or a wallet each in `forced`.
            when s.size > 30 and s.ids * 2 + s.size * 420 + s.told
                + case when s.given ? 'force' then s.ids + s.size * 70 else 0 end > 50800 then '{"code" : "transaction_too_large"}'
        end as refusal
    from sized s
)
select s.i, s.posting, s.origin, s.source,
    case when s.moves then case when s.goes_to = '@world' then '@world:' || s.asset else s.goes_to end end,
    s.amount, s.refusal
from answered s
where s.moves or s.kind <> 'reversal' or s.refusal is not null;
end $$;
