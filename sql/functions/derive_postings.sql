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
    owners int[]; refusals text[]; sized bool; i int;
    new_sources text[]; new_destinations text[]; new_amounts numeric[]; new_origins bigint[]; new_postings smallint[];
    reversed record; known record;
begin
    -- Apart, since starting a statement costs as much as 20 rows of it, and few batches have both.
    if kinds && array['capture', 'void'] then
        select array_agg(q.i), array_agg(q.source), array_agg(q.destination), array_agg(q.amount), array_agg(q.origin),
            array_agg(q.posting), array_agg(q.refusal), bool_or(q.sized)
        into owners, new_sources, new_destinations, new_amounts, new_origins, new_postings, refusals, sized
        from (select * from zerosum.derived_captures(l, kinds, options, outcomes)) q;
    end if;
    if 'reversal' = any (kinds) then
        select array_agg(q.i) as owners, array_agg(q.source) as sources, array_agg(q.destination) as destinations,
            array_agg(q.amount) as amounts, array_agg(q.origin) as origins, array_agg(q.posting) as postings,
            array_agg(q.refusal) as refusals, bool_or(q.sized) as sized
        into reversed
        from (select * from zerosum.derived_reversals(l, kinds, options, outcomes)) q;
        owners := owners || reversed.owners;
        new_sources := new_sources || reversed.sources;
        new_destinations := new_destinations || reversed.destinations;
        new_amounts := new_amounts || reversed.amounts;
        new_origins := new_origins || reversed.origins;
        new_postings := new_postings || reversed.postings;
        refusals := refusals || reversed.refusals;
        sized := coalesce(sized, false) or reversed.sized;
    end if;

    if owners is null then
        return;
    end if;
    posting_of := posting_of || owners;
    sources := sources || new_sources;
    destinations := destinations || new_destinations;
    moved := moved || new_amounts;
    origins := array_fill(null::bigint, array[given]) || new_origins;
    origin_postings := array_fill(null::smallint, array[given]) || new_postings;
    for p in given + 1..cardinality(posting_of) loop
        i := posting_of[p];
        if lasts[i] = 0 then
            firsts[i] := p;
        end if;
        lasts[i] := p;
    end loop;

    if sized then
        for known in select * from zerosum.derived_faults(kinds, options, metadatas, posting_of, sources, destinations) loop
            refusals[known.first - given] := coalesce(refusals[known.first - given], known.fault);
        end loop;
    end if;
    if array_remove(refusals, null) = '{}' then
        return;
    end if;
    for d in 1..cardinality(refusals) loop
        continue when refusals[d] is null;
        i := owners[d];
        outcomes[i] := 'refused';
        bodies[i] := refusals[d];
        for p in firsts[i]..lasts[i] loop
            sources[p] := null;
            destinations[p] := null;
            origins[p] := null;
        end loop;
    end loop;
end $$;
