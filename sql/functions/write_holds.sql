-- Write the postings of the holds that post() decided to place. Arguments are post()'s arrays; ids: the new transactions, by rank.
-- Locks: none beyond its inserts'. Codes: none.
create or replace function zerosum.write_holds(
    l bigint, kinds text[], options jsonb[], ids bigint[], ranks int[], posting_of int[], firsts int[],
    sources text[], destinations text[], moved numeric[], from_slots int[], assets text[]
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off
set plan_cache_mode = force_generic_plan as $$
begin
    insert into ledger.hold_postings (ledger_id, hold_id, expires_at, due_at, posting, source, destination, asset, amount,
        held)
    select g.ledger_id, u.*
    from ledger.ledgers g, (
        select ids[ranks[x.request]], (options[x.request] ->> 'expires_at')::timestamptz,
            (options[x.request] ->> 'expires_at')::timestamptz, x.p - firsts[x.request] + 1,
            x.source, x.destination, assets[x.slot], x.amount, x.amount
        from unnest(posting_of, sources, destinations, moved, from_slots)
            with ordinality x (request, source, destination, amount, slot, p)
        where kinds[x.request] = 'hold' and ranks[x.request] is not null
    ) u
    where g.ledger_id = l;
end $$;
