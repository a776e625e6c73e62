-- Return a wallet as JSON text; no row if it does not exist.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.read_wallet(ledger bigint, id text) returns table (body text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select zerosum.wallet_json(w) from ledger.wallets w where w.ledger_id = $1 and w.id = $2
$$;
