-- Write what post() decided about holds and reversals: new holds and their postings, and how much of the old ones is
-- captured, held or reversed now. Arguments are post()'s arrays after decide(); ids: each request's new transaction.
-- Locks: none, the caller holds the wallets'. Codes: none.
create or replace function zerosum.write_holds(
    l bigint, at timestamptz, kinds text[], options jsonb[], ids bigint[], posting_of int[], firsts int[],
    sources text[], destinations text[], moved numeric[], from_slots int[], assets text[],
    part_ids bigint[], part_numbers smallint[], part_stati text[], part_amounts numeric[], part_captured numeric[],
    part_lefts numeric[]
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off set jit = off as $$
#variable_conflict use_column
begin
    insert into ledger.holds (ledger_id, id, expires_at)
    select g.ledger_id, u.*
    from ledger.ledgers g, (
        select r.id, (r.given ->> 'expires_at')::timestamptz
        from unnest(kinds, options, ids) r (kind, given, id)
        where r.kind = 'hold' and r.id is not null
    ) u
    where g.ledger_id = l;
    insert into ledger.hold_postings (ledger_id, hold_id, expires_at, posting, source, destination, asset, amount, held)
    select g.ledger_id, u.*
    from ledger.ledgers g, (
        select ids[x.request], (options[x.request] ->> 'expires_at')::timestamptz, x.p - firsts[x.request] + 1,
            x.source, x.destination, assets[x.slot], x.amount, x.amount
        from unnest(posting_of, sources, destinations, moved, from_slots)
            with ordinality x (request, source, destination, amount, slot, p)
        where kinds[x.request] = 'hold' and ids[x.request] is not null
    ) u
    where g.ledger_id = l;

    -- A part at a time, and only those that changed: each statement is a probe of one key, whatever the statistics.
    for q in 1..coalesce(cardinality(part_ids), 0) loop
        update ledger.hold_postings p set captured = part_captured[q], held = part_lefts[q]
        where p.ledger_id = l and p.hold_id = part_ids[q] and p.posting = part_numbers[q]
            and p.held <> part_lefts[q];
        if part_stati[q] in ('captured', 'voided') and part_ids[q] is distinct from part_ids[q - 1] then
            update ledger.holds h set status = part_stati[q], settled_at = at
            where h.ledger_id = l and h.id = part_ids[q] and h.status = 'pending';
        end if;
    end loop;
    insert into ledger.reversed_postings as r (ledger_id, transaction_id, posting, amount, reversed)
    select g.ledger_id, u.*
    from ledger.ledgers g, (
        select p.id, p.number, p.amount, p.captured
        from unnest(part_ids, part_numbers, part_amounts, part_captured, part_stati) p (id, number, amount, captured, status)
        where p.captured > 0 and p.status is null
    ) u
    where g.ledger_id = l
    on conflict (transaction_id, ledger_id, posting) do update set reversed = excluded.reversed
    where r.reversed <> excluded.reversed;
end $$;
