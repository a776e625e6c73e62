-- The entries that account for a wallet are found by their primary key, whatever the statistics: while the table is empty both
-- its indexes cost the same, and a session whose first change of a wallet was a hold kept the plan that reads the whole
-- ledger for each wallet. Only the primary key gives this order, and sorting is priced out.
create or replace function ledger.wallets_account() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_indexscan = on set enable_bitmapscan = off
set enable_sort = off set jit = off as $$
begin
    if exists (
        select from new_wallets n
        join old_wallets o on o.ledger_id = n.ledger_id and o.id = n.id
        cross join lateral (
            select count(*) as count, coalesce(sum(e.amount), 0) as total,
                coalesce(max(e.recorded_at), o.recorded_at) as recorded_at,
                coalesce(max(e.balance) filter (where e.version = n.version), o.posted) as balance,
                bool_and(e.asset = n.asset) as pure
            from (
                select * from ledger.entries e
                where e.wallet_id = n.id and e.ledger_id = n.ledger_id and e.version > o.version
                    and e.version <= n.version
                order by e.version offset 0
            ) e
        ) e
        where e.count <> n.version - o.version or e.total <> n.posted - o.posted or e.balance <> n.posted
            or e.recorded_at <> n.recorded_at or not e.pure
    ) then
        raise exception 'a wallet changes only with the entries that account for it' using errcode = 'ZS903';
    end if;
    return null;
end $$;
