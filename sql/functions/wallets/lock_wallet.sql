-- Lock a wallet for a change other than by postings. Return the code why it may not be changed:
-- unknown_wallet, or reserved_wallet_id for @world and, without admin, for any id that begins
-- with @; null: it may be. Expired holds on it are released.
-- Locks: the wallet's row.
-- Codes: none.
create or replace function zerosum.lock_wallet(ledger bigint, id text, admin boolean) returns text
language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
begin
    perform from ledger.wallets w where w.ledger_id = $1 and w.id = $2 for update;
    if not found then
        return zerosum.wallet_facts($2);
    end if;
    perform zerosum.release_expired($1, clock_timestamp(), array[$2]);
    return case when starts_with($2, '@world') or starts_with($2, '@') and admin is not true
        then json_build_object('code', 'reserved_wallet_id', 'wallet', $2)::text end;
end $$;
