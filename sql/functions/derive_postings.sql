-- Put the postings of a batch's captures, voids and reversals, as derived_postings() has them, among those of the other
-- requests; a request that can have none is refused. Arguments and what comes back are post()'s arrays, and for each
-- posting the hold or transaction it derives from and its number there (null: none).
-- Locks: none. Codes: none.
create or replace function zerosum.derive_postings(
    l bigint, kinds text[], options jsonb[], metadatas jsonb[],
    inout outcomes text[], inout bodies text[], out firsts int[], out lasts int[],
    inout posting_of int[], inout sources text[], inout destinations text[], inout moved numeric[],
    out origins bigint[], out origin_postings smallint[]
) language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
declare
    of_requests int[]; numbers smallint[]; of_origins bigint[]; froms text[]; tos text[]; amounts numeric[];
    refusals text[];
begin
    select array_agg(d.i), array_agg(d.posting), array_agg(d.origin), array_agg(d.source), array_agg(d.destination),
        array_agg(d.amount), array_agg(d.refusal)
    into of_requests, numbers, of_origins, froms, tos, amounts, refusals
    from zerosum.derived_postings(l, kinds, options, outcomes, metadatas) d;
    for d in 1..coalesce(cardinality(of_requests), 0) loop
        if refusals[d] is not null then
            outcomes[of_requests[d]] := 'refused';
            bodies[of_requests[d]] := refusals[d];
        end if;
    end loop;
    select array_agg(q.i), array_agg(q.source), array_agg(q.destination), array_agg(q.amount), array_agg(q.origin),
        array_agg(q.posting)
    into posting_of, sources, destinations, moved, origins, origin_postings
    from (
        select u.i, u.source, u.destination, u.amount, null::bigint as origin, null::smallint as posting, u.p
        from unnest(posting_of, sources, destinations, moved) with ordinality u (i, source, destination, amount, p)
        union all
        select u.i, u.source, u.destination, u.amount, u.origin, u.posting, u.posting
        from unnest(of_requests, froms, tos, amounts, of_origins, numbers) u (i, source, destination, amount, origin, posting)
        where outcomes[u.i] is null
        order by i, p
    ) q;
    posting_of := coalesce(posting_of, '{}');
    select array_agg(coalesce(g.first, 1) order by r.i), array_agg(coalesce(g.last, 0) order by r.i)
    into firsts, lasts
    from generate_series(1, cardinality(kinds)) r (i)
    left join (
        select u.i, min(u.p)::int as first, max(u.p)::int as last
        from unnest(posting_of) with ordinality u (i, p) group by u.i
    ) g on g.i = r.i;
end $$;
