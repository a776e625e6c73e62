-- For each of these wallets that has expired holds: release what they still reserve, and store
-- when the wallet's next hold expires (next_expiry). The clock alone expires a hold; the relay
-- settles the holds themselves and writes their events (expire_holds).
-- (One wallet at a time: each statement is a probe of one key, whatever the statistics.)
-- Locks: none; the caller has locked the wallets.
-- Codes: none.
create or replace function zerosum.release_expired(ledger bigint, at timestamptz, ids text[])
returns void
language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
declare
    wallet text;
    due numeric;
    next timestamptz;
begin
    for wallet in
        select x.id from unnest(ids) x (id)
        cross join lateral (
            select from ledger.wallets w where w.ledger_id = $1 and w.id = x.id
                and w.next_expiry <= at limit 1
        ) w
    loop
        select sum(p.held) filter (where p.due_at <= at), min(p.due_at) filter (where p.due_at > at)
        into due, next
        from ledger.hold_postings p
        where p.source = wallet and p.ledger_id + 0 = $1 and p.due_at is not null and p.held > 0;
        update ledger.hold_postings p set held = 0
        where p.source = wallet and p.ledger_id + 0 = $1 and p.due_at <= at and p.held > 0;
        update ledger.wallets w
        set held = w.held - coalesce(due, 0), next_expiry = next,
            floor_debt = greatest(0,
                least(w.floor_debt, w.min_balance - w.posted + w.held - coalesce(due, 0)))
        where w.ledger_id = $1 and w.id = wallet;
    end loop;
end $$;
