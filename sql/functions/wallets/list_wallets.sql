-- Return the ledger's wallets by id, at most `max`, above `after` (null: from the first), whose
-- id begins with `prefix`, whose metadata has these keys with these values as text, and which hold
-- `asset` (null: any): the id, and the wallet as JSON text. ('~' sorts above every character of an
-- id.)
-- Locks: none.
-- Codes: none.
create or replace function zerosum.list_wallets(
    ledger bigint, after text, max int, prefix text default '', keys text[] default '{}',
    vals text[] default '{}', asset text default null
) returns table (id text, body text)
language sql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_sort = off
    set jit = off as $$
    select w.id::text, zerosum.wallet_json(w) from ledger.wallets w
    where w.ledger_id = $1 and w.id > coalesce($2, '') and w.id >= $4 and w.id < $4 || '~'
        and not exists (
            select from unnest($5, $6) f (key, val) where w.metadata ->> f.key is distinct
                from f.val)
        and ($7 is null or w.asset = $7)
    order by w.id
    limit $3
$$;
