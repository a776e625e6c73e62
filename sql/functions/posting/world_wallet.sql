-- The wallet that `id` means: a bare @world is the world's wallet of the other side's asset; @world again if the other
-- side is not there. Inlined into post(), hence neither security definer nor a search_path.
-- Locks: none. Codes: none.
create or replace function zerosum.world_wallet(ledger bigint, id text, other text) returns text
language sql stable as $$
    select case when $2 = '@world' then coalesce('@world:' || (
        select w.asset from ledger.wallets w where w.ledger_id = $1 and w.id = $3), $2) else $2 end
$$;
