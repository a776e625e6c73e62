-- Give captures, voids and reversals their postings. Such a request names a hold or a
-- transaction instead of postings. Look that up, append the postings that follow from it to the
-- batch's postings, and refuse a request that names nothing usable. derives: whether the batch
-- has such requests.
-- A null amount means all that is left. A capture or void has all postings of its hold, in
-- order, since whoever changes a hold locks all its sources; those that capture nothing have no
-- destination. What this reads never changes, so it needs no lock.
-- (Its ORDER BY and planner settings are those of read_parts(), for the same reason.)
-- Locks: none.
-- Codes: none.
create or replace function zerosum.derive_postings(
    l bigint, kinds text[], requests ledger.request[], inout outcomes text[], inout bodies text[],
    inout firsts int[],
    inout lasts int[], inout postings ledger.posting[], out derives boolean
) language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off
    set enable_hashjoin = off
set enable_mergejoin = off set enable_sort = off set jit = off
    set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    given constant int := cardinality(postings);
    made ledger.posting[]; refusals text[]; measured boolean;
    known record;
    posting ledger.posting; i int;
begin
    -- Two statements, since starting one costs as much as 20 rows of it, and few batches have
    -- both kinds.
    if kinds && array['capture', 'void'] then
        select array_agg(q.posting), array_agg(q.refusal), bool_or(q.sized) into made, refusals,
            measured
        from (select * from zerosum.derived_captures(l, requests, outcomes)) q;
    end if;
    if 'reversal' = any (kinds) then
        select made || array_agg(q.posting), refusals || array_agg(q.refusal),
            coalesce(measured, false) or bool_or(q.sized)
        into made, refusals, measured
        from (select * from zerosum.derived_reversals(l, requests, outcomes)) q;
    end if;

    derives := made is not null;
    if not derives then
        return;
    end if;
    for p in given + 1..given + cardinality(made) loop
        posting := made[p - given];
        posting.number := p;
        i := posting.request;
        if lasts[i] = 0 then
            firsts[i] := p;
        end if;
        lasts[i] := p;
        postings[p] := posting;
    end loop;

    if measured then
        for known in select * from zerosum.derived_faults(requests, postings) loop
            refusals[known.first - given] := coalesce(refusals[known.first - given], known.fault);
        end loop;
    end if;
    for d in 1..cardinality(refusals) loop
        continue when refusals[d] is null;
        i := made[d].request;
        outcomes[i] := 'refused';
        bodies[i] := refusals[d];
        -- A settled request refers to nothing: read_parts() must find no parts for it.
        for p in firsts[i]..lasts[i] loop
            posting := postings[p];
            posting.origin := null;
            postings[p] := posting;
        end loop;
    end loop;
end $$;
