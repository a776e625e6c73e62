-- Give the wallets that post() has locked and changed their new balances, versions and what is held, and make the @world
-- wallets' rows what they are. places, befores: where the locked rows are and their versions there, in the order of wallets;
-- worlds: those that were made just now, at the end of wallets.
-- By place, and with every other way priced out: an UPDATE that joins an array is planned by statistics, and with those
-- of an empty table it reads the whole ledger for each batch. A locked row's place can't change; were it wrong, the
-- count below would tell. An upsert can only probe the key too, but costs three times as much; it serves the new rows.
-- A version of 0 is a @world wallet that only refused requests named: it is not locked, and not to be made.
-- Locks: the rows are the caller's. Codes: XX000 if a row was not where it should be.
create or replace function zerosum.write_wallets(
    l bigint, at timestamptz, places tid[], befores bigint[], wallets text[], balances numeric[],
    versions bigint[], worlds text[], helds_before numeric[], helds numeric[], debts numeric[], expiries timestamptz[]
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_indexscan = off
set enable_bitmapscan = off set jit = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    written bigint;
    changed bool[];
begin
    changed := array(select u.version <> u.before or u.held <> u.held_before or u.expiry is not null
        from unnest(befores, versions, helds_before, helds, expiries)
            with ordinality u (before, version, held_before, held, expiry, i) where u.before is not null order by u.i);
    update ledger.wallets w
    set posted = u.balance, version = u.version, held = u.held, floor_debt = u.debt,
        next_expiry = least(w.next_expiry, u.expiry),
        recorded_at = case when u.version <> u.before then at else w.recorded_at end
    from unnest(places, befores, balances, versions, helds, debts, expiries, changed)
        u (place, before, balance, version, held, debt, expiry, changed)
    where w.ledger_id = l and w.ctid = u.place and u.changed;
    get diagnostics written = row_count;
    if written <> cardinality(array_positions(changed, true)) then
        raise exception 'locked wallets are not where they were' using errcode = 'XX000';
    end if;
    if worlds is not null then
        -- (The row that the insert proposes is never kept, but its checks run: without limits they hold.)
        insert into ledger.wallets as w (ledger_id, id, asset, posted, version, recorded_at, min_balance)
        select g.ledger_id, u.id, substr(u.id, 8), u.balance, u.version, at, null
        from ledger.ledgers g, unnest(wallets, balances, versions) u (id, balance, version)
        where g.ledger_id = l and u.id = any (worlds)
        on conflict (ledger_id, id) do update
        set posted = excluded.posted, version = excluded.version, recorded_at = excluded.recorded_at;
    end if;
end $$;
