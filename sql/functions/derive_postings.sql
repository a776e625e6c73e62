-- Put the postings of a batch's captures, voids and reversals after those of the other requests, made from those of the hold
-- or transaction that each is about; a request that can have none is refused, and its postings are null. Arguments and what
-- comes back are post()'s arrays, and for each posting the hold or transaction it derives from and its number there (null: none).
-- moved null: all that is left. A hold has all of its postings in each, in order, since whoever changes it locks all of its
-- sources; those that capture nothing have no destination.
-- Requests with an outcome are settled already. What is read here never changes: no lock is needed.
-- (Orders and prices as read_parts() has them, and for its reason.)
-- Locks: none. Codes: none.
create or replace function zerosum.derive_postings(
    l bigint, kinds text[], options jsonb[], metadatas jsonb[],
    inout outcomes text[], inout bodies text[], inout firsts int[], inout lasts int[],
    inout posting_of int[], inout sources text[], inout destinations text[], inout moved numeric[],
    out origins bigint[], out origin_postings smallint[]
) language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_hashjoin = off
set enable_mergejoin = off set enable_sort = off set jit = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    given constant int := cardinality(posting_of);
    derived record; known record; i int;
begin
    select array_agg(q.i) as owners, array_agg(case when q.takes then q.source end) as sources,
        array_agg(case when q.goes_to = '@world' then '@world:' || q.asset else q.goes_to end) as destinations,
        array_agg(q.amount::numeric) as amounts, array_agg(case when q.takes then q.origin end) as origins,
        array_agg(q.posting) as postings,
        array_agg(case
            when q.of_kind is null then
                case when q.kind = 'reversal' then '{"code" : "unknown_transaction"}' else '{"code" : "unknown_hold"}' end
            when q.kind = 'reversal' and q.of_kind in ('hold', 'void', 'reversal') then '{"code" : "not_reversible"}'
            when q.posting > 1 and q.given ? 'amount' then '{"code" : "invalid_postings"}'
            when q.goes_to = q.source then '{"code" : "same_wallet"}'
        end) as refusals,
        bool_or(q.posting > 30 or q.given ? 'postings') as sized
    into derived
    from (
        select a.i, a.kind, a.given, a.origin, p.of_kind, p.posting, p.source, p.asset, c.goes_to, c.amount,
            c.goes_to is not null or a.kind <> 'reversal' as takes
        from (
            select r.i::int as i, r.kind, r.given, r.kind = 'reversal' as reverses,
                (r.given ->> case when r.kind = 'reversal' then 'transaction' else 'hold' end)::bigint as origin
            from unnest(kinds, options, outcomes) with ordinality r (kind, given, outcome, i)
            where r.kind in ('capture', 'void', 'reversal') and r.outcome is null
        ) a
        left join lateral (
            (
                select 'hold' as of_kind, h.posting, h.source, h.destination, h.asset
                from ledger.hold_postings h
                where not a.reverses and h.ledger_id = l and h.hold_id = a.origin order by h.posting
            )
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
            select case when o.one is not null or not a.given ? 'postings' and a.kind <> 'void'
                    then coalesce(o.one ->> 'destination', a.given ->> 'destination', p.destination) end as goes_to,
                coalesce(o.one, a.given) ->> 'amount' as amount
            from (
                select case when a.given ? 'postings' then (
                    select x.one from jsonb_array_elements(a.given -> 'postings') x (one)
                    where (x.one ->> 'posting')::int = p.posting limit 1
                ) end as one offset 0
            ) o
        ) c
    ) q
    -- (The first stays, with no wallets, so that a request of which nothing is found is seen below.)
    where q.takes or q.posting is null or q.posting = 1;

    if derived.owners is null then
        return;
    end if;
    posting_of := posting_of || derived.owners;
    sources := sources || derived.sources;
    destinations := destinations || derived.destinations;
    moved := moved || derived.amounts;
    origins := array_fill(null::bigint, array[given]) || derived.origins;
    origin_postings := array_fill(null::smallint, array[given]) || derived.postings;
    for p in given + 1..cardinality(posting_of) loop
        i := posting_of[p];
        if lasts[i] = 0 then
            firsts[i] := p;
        end if;
        lasts[i] := p;
    end loop;

    if derived.sized then
        for known in select * from zerosum.derived_faults(kinds, options, metadatas, posting_of, sources, destinations) loop
            derived.refusals[known.first - given] := coalesce(derived.refusals[known.first - given], known.fault);
        end loop;
    end if;
    if array_remove(derived.refusals, null) = '{}' then
        return;
    end if;
    for d in 1..cardinality(derived.refusals) loop
        continue when derived.refusals[d] is null;
        i := derived.owners[d];
        outcomes[i] := 'refused';
        bodies[i] := derived.refusals[d];
        for p in firsts[i]..lasts[i] loop
            sources[p] := null;
            destinations[p] := null;
            origins[p] := null;
        end loop;
    end loop;
end $$;
