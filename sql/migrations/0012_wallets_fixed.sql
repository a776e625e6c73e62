-- What a wallet is stays: refused by the columns that an UPDATE sets. That its version and balance go on only with its
-- entries, wallets_account sees to alone; a condition for each row beside it was parsed and run by every batch.
drop trigger wallets_forward on ledger.wallets;
create trigger wallets_fixed before update of ledger_id, id, asset on ledger.wallets
    for each statement execute function ledger.refuse();
alter table ledger.wallets enable always trigger wallets_fixed;
