-- The world's wallet of an asset is made with the first wallet of that asset, and no longer by its first use: every batch looked
-- whether it had to make one, and two that made one at a time met a conflict.
create function ledger.wallets_world() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    missing record;
begin
    -- One by one and in order: an INSERT of nothing would fire this again, and whoever makes the first wallets of several
    -- assets waits for nobody who waits for them.
    for missing in
        select distinct n.ledger_id, n.asset from new_wallets n
        where not starts_with(n.id, '@world:') and not exists (
            select from ledger.wallets w where w.ledger_id = n.ledger_id and w.id = '@world:' || n.asset)
        order by 1, 2
    loop
        insert into ledger.wallets (ledger_id, id, asset, min_balance)
        values (missing.ledger_id, '@world:' || missing.asset, missing.asset, null)
        on conflict (ledger_id, id) do nothing;
    end loop;
    return null;
end $$;

create trigger wallets_world after insert on ledger.wallets
    referencing new table as new_wallets for each statement execute function ledger.wallets_world();
alter table ledger.wallets enable always trigger wallets_world;

insert into ledger.wallets (ledger_id, id, asset, min_balance)
select distinct w.ledger_id, '@world:' || w.asset, w.asset, null::numeric
from ledger.wallets w where not starts_with(w.id, '@world:')
on conflict (ledger_id, id) do nothing;
