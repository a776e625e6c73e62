-- Return the wallet that `id` means: a bare @world means the @world wallet of the asset of the
-- posting's other wallet, and stays @world if that wallet does not exist. The planner inlines
-- this into post(), so it is not security definer and has no search_path.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.world_wallet(ledger bigint, id text, other text) returns text
language sql stable as $$
    select case when $2 = '@world' then coalesce('@world:' || (
        select w.asset from ledger.wallets w where w.ledger_id = $1 and w.id = $3), $2) else $2 end
$$;
