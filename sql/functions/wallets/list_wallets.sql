-- Return the ledger's wallets by id, at most `max`, above `after` (null: from the first), whose
-- id begins with `prefix`, whose metadata has these keys with these values as text, and which hold
-- `asset` (null: any): the id, and the wallet as JSON text. At most 10,000 wallets are looked at.
-- If there may be more then, the last row has the id where to go on, and no body.
-- ('~' sorts above every character of an id.)
-- Locks: none.
-- Codes: none.
create or replace function zerosum.list_wallets(
    ledger bigint, after text, max int, prefix text default '', keys text[] default '{}',
    vals text[] default '{}', asset text default null
) returns table (id text, body text)
language sql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_sort = off
    set jit = off as $$
    with page as materialized (
        select w.id
        from (
            select w.id, w.metadata, w.asset from ledger.wallets w
            where w.ledger_id = $1 and w.id > coalesce($2, '') and w.id >= $4 and w.id < $4 || '~'
            order by w.id
            limit greatest($3, 10000)
        ) w
        where ($7 is null or w.asset = $7)
            and not exists (
                select from unnest($5, $6) f (key, val)
                where w.metadata ->> f.key is distinct from f.val)
        order by w.id
        limit $3
    )
    select x.id, x.body
    from (
        select w.id::text, zerosum.wallet_json(w) as body
        from page p
        cross join lateral (
            select * from ledger.wallets w where w.ledger_id = $1 and w.id = p.id limit 1
        ) w
        union all
        select w.id::text, null
        from (
            select w.id from ledger.wallets w
            where w.ledger_id = $1 and w.id > coalesce($2, '') and w.id >= $4 and w.id < $4 || '~'
                and (select count(*) from page) < $3
            order by w.id
            offset greatest($3, 10000) - 1 limit 1
        ) w
    ) x
    order by x.id collate "C", x.body
$$;
