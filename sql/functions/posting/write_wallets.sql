-- Write the new balances, versions and held amounts of the wallets that post() has locked and
-- changed. expiries: for each wallet, when the first of the holds placed by this batch expires;
-- null: none does.
-- Rows are updated by place (ctid), with every other plan priced out: an UPDATE that joins an
-- array is planned by statistics, and with those of an empty table it reads the whole ledger for
-- each batch. A locked row's place can't change, and the count below proves it. An upsert can
-- only probe the key too, but costs three times as much.
-- Locks: none; the caller has locked the rows.
-- Codes: XX000 if a row was not where it should be.
create or replace function zerosum.write_wallets(
    l bigint, at timestamptz, before ledger.locked_wallets, after ledger.locked_wallets,
    expiries timestamptz[]
) returns void
language plpgsql
set enable_indexscan = off set enable_bitmapscan = off as $$
#variable_conflict use_column
declare
    versions_before constant bigint[] := before.versions;
    held_before constant numeric[] := before.held;
    places constant tid[] := before.places;
    balances constant numeric[] := after.balances;
    versions constant bigint[] := after.versions;
    held constant numeric[] := after.held;
    debts constant numeric[] := after.debts;
    changed ledger.changed_wallet[];
    found_rows bigint;
begin
    for slot in 1..cardinality(places) loop
        if versions[slot] <> versions_before[slot] or held[slot] <> held_before[slot]
            or expiries[slot] is not null then
            changed := changed || row(places[slot], balances[slot], versions[slot], held[slot],
                debts[slot],
                expiries[slot], versions[slot] <> versions_before[slot])::ledger.changed_wallet;
        end if;
    end loop;
    update ledger.wallets w
    set posted = c.balance, version = c.version, held = c.held, floor_debt = c.debt,
        next_expiry = least(w.next_expiry, c.expiry),
        recorded_at = case when c.moved then at else w.recorded_at end
    from unnest(changed) c
    where w.ledger_id = l and w.ctid = c.place;
    get diagnostics found_rows = row_count;
    if found_rows <> cardinality(changed) then
        raise exception 'locked wallets are not where they were' using errcode = 'XX000';
    end if;
end $$;
