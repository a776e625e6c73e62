-- Put the postings of a batch's captures, voids and reversals among those of the other requests, made from those of the hold
-- or transaction that each is about; a request that can have none is refused, and its postings are null. Arguments and what
-- comes back are post()'s arrays, and for each posting the hold or transaction it derives from and its number there (null: none).
-- moved null: all that is left. A hold has all of its postings in each, since whoever changes it locks all of its sources;
-- those that capture nothing have no destination.
-- Requests with an outcome are settled already. What is read here never changes: no lock is needed.
-- (Orders and prices as part_states() has them, and for its reason.)
-- Locks: none. Codes: none.
create or replace function zerosum.derive_postings(
    l bigint, kinds text[], options jsonb[], metadatas jsonb[],
    inout outcomes text[], inout bodies text[], out firsts int[], out lasts int[],
    inout posting_of int[], inout sources text[], inout destinations text[], inout moved numeric[],
    out origins bigint[], out origin_postings smallint[]
) language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_hashjoin = off
set enable_mergejoin = off set enable_sort = off set jit = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    refusals text[]; refused bigint; sized bool; known record; i int;
begin
    with parts as (
        select a.i, a.kind, a.given, a.origin, p.of_kind, p.posting, p.source, p.asset,
            case when c.one is not null or not a.given ? 'postings' and a.kind <> 'void'
                then coalesce(c.one ->> 'destination', a.given ->> 'destination', p.destination) end as goes_to,
            coalesce(c.one, a.given) ->> 'amount' as amount
        from (
            select r.i::int as i, r.kind, r.given, r.kind = 'reversal' as reverses,
                (r.given ->> case when r.kind = 'reversal' then 'transaction' else 'hold' end)::bigint as origin
            from unnest(kinds, options, outcomes) with ordinality r (kind, given, outcome, i)
            where r.kind in ('capture', 'void', 'reversal') and r.outcome is null
        ) a
        left join lateral (
            select 'hold' as of_kind, h.posting, h.source, h.destination, h.asset
            from ledger.hold_postings h
            where not a.reverses and h.ledger_id = l and h.hold_id = a.origin
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
            where a.reverses and t.ledger_id = l and t.id = a.origin
        ) p on true
        cross join lateral (
            select case when a.given ? 'postings' then (
                select x.one from jsonb_array_elements(a.given -> 'postings') x (one)
                where (x.one ->> 'posting')::int = p.posting limit 1
            ) end as one offset 0
        ) c
    )
    select array_agg(q.i), array_agg(q.source), array_agg(q.destination), array_agg(q.amount), array_agg(q.origin),
        array_agg(q.posting), array_agg(q.refusal), count(q.refusal), bool_or(q.posting > 30 or q.given ? 'postings')
    into posting_of, sources, destinations, moved, origins, origin_postings, refusals, refused, sized
    from (
        select u.i, u.source, u.destination, u.amount, null::bigint as origin, null::smallint as posting, u.p,
            null as refusal, null::jsonb as given
        from unnest(posting_of, sources, destinations, moved) with ordinality u (i, source, destination, amount, p)
        union all
        select d.i, case when d.takes then d.source end,
            case when d.goes_to = '@world' then '@world:' || d.asset else d.goes_to end,
            d.amount::numeric, case when d.takes then d.origin end, d.posting, d.posting,
            case
                when d.of_kind is null then
                    case when d.kind = 'reversal' then '{"code" : "unknown_transaction"}' else '{"code" : "unknown_hold"}' end
                when d.kind = 'reversal' and d.of_kind in ('hold', 'void', 'reversal') then '{"code" : "not_reversible"}'
                when d.posting > 1 and d.given ? 'amount' then '{"code" : "invalid_postings"}'
                when d.goes_to = d.source then '{"code" : "same_wallet"}'
            end, d.given
        from (select *, goes_to is not null or kind <> 'reversal' as takes from parts) d
        -- (The first stays, with no wallets, so that a request of which nothing is found is seen below.)
        where d.takes or d.posting is null or d.posting = 1
        order by i, p
    ) q;
    posting_of := coalesce(posting_of, '{}');
    firsts := array_fill(1, array[cardinality(kinds)]);
    lasts := array_fill(0, array[cardinality(kinds)]);
    for p in 1..cardinality(posting_of) loop
        lasts[posting_of[p]] := p;
    end loop;
    for p in reverse cardinality(posting_of)..1 loop
        firsts[posting_of[p]] := p;
    end loop;

    if sized then
        for known in select * from zerosum.derived_faults(kinds, options, metadatas, posting_of, sources, destinations) loop
            if refusals[known.first] is null then
                refusals[known.first] := known.fault;
                refused := refused + 1;
            end if;
        end loop;
    end if;
    if refused > 0 then
        for d in 1..cardinality(refusals) loop
            continue when refusals[d] is null;
            i := posting_of[d];
            outcomes[i] := 'refused';
            bodies[i] := refusals[d];
            for p in firsts[i]..lasts[i] loop
                sources[p] := null;
                destinations[p] := null;
                origins[p] := null;
            end loop;
        end loop;
    end if;
end $$;
