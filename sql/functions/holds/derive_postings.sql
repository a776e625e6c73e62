-- Put the postings of a batch's captures, voids and reversals after those of the other requests, made from those of the hold
-- or transaction that each is about; a request that can have none is refused. derives: whether there are any.
-- An amount that is null is all that is left. A hold has all of its postings in each, in order, since whoever changes it locks
-- all of its sources; those that capture nothing have no destination. What is read here never changes: no lock is needed.
-- (Orders and prices as read_parts() has them, and for its reason.)
-- Locks: none. Codes: none.
create or replace function zerosum.derive_postings(
    l bigint, kinds text[], requests ledger.request[], inout outcomes text[], inout bodies text[], inout firsts int[],
    inout lasts int[], inout postings ledger.posting[], out derives boolean
) language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_hashjoin = off
set enable_mergejoin = off set enable_sort = off set jit = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    given constant int := cardinality(postings);
    made ledger.posting[]; refusals text[]; measured boolean;
    known record;
    posting ledger.posting; i int;
begin
    -- Apart, since starting a statement costs as much as 20 rows of it, and few batches have all kinds.
    if kinds && array['capture', 'void'] then
        select array_agg(q.posting), array_agg(q.refusal), bool_or(q.sized) into made, refusals, measured
        from (select * from zerosum.derived_captures(l, requests, outcomes)) q;
    end if;
    if 'reversal' = any (kinds) then
        select made || array_agg(q.posting), refusals || array_agg(q.refusal), coalesce(measured, false) or bool_or(q.sized)
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
        -- What read_parts() finds for others must not be at the place of a request that is settled.
        for p in firsts[i]..lasts[i] loop
            posting := postings[p];
            posting.origin := null;
            postings[p] := posting;
        end loop;
    end loop;
end $$;
