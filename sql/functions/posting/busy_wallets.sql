-- Lock those of these wallets that nobody else has locked, without waiting. Return the ids of
-- the others. post() then locks the same wallets again and waits for nobody.
-- Locks: ledger.wallets rows by id (for update skip locked).
-- Codes: none.
create or replace function zerosum.busy_wallets(ledger bigint, ids text[]) returns text[]
language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
declare
    locked constant text[] := array(
        select w.id::text
        from (select distinct v.id collate "C" as id from unnest($2) v (id) order by 1) x
        cross join lateral (
            select w.id from ledger.wallets w where w.ledger_id = $1
                and w.id = x.id for update skip locked
        ) w
    );
begin
    return array(
        select distinct x.id
        from unnest($2) x (id)
        cross join lateral (
            select from ledger.wallets w where w.ledger_id = $1 and w.id = x.id limit 1
        ) w
        where x.id <> all (locked)
    );
end $$;
