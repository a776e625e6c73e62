-- Return the bodies, and in the place of each replayed request the first answer of its
-- transaction. That transaction was posted before this batch.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.answer_known(l bigint, known ledger.known_key[], outcomes text[],
    bodies text[])
returns text[] language plpgsql stable as $$
declare
    told record;
begin
    for told in
        select k.request, a.body
        from unnest(known) k
        join zerosum.answer(l, array(select k.transaction_id from unnest(known) k)) a
            on a.id = k.transaction_id
        where outcomes[k.request] = 'replayed'
    loop
        bodies[told.request] := told.body;
    end loop;
    return bodies;
end $$;
