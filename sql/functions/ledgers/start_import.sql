-- Prepare the ledger of this name for import_lines(), in the caller's transaction. Returns its
-- number; null if the ledger has anything yet. Only the owner of the tables may call this.
-- Locks: the ledger's row in ledger.feeds.
-- Codes: none.
create or replace function zerosum.start_import(name text) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    l constant bigint := zerosum.create_ledger(name);
begin
    perform from ledger.feeds f where f.ledger_id = l for update;
    if exists (select from ledger.wallets w where w.ledger_id = l)
        or zerosum.last_transaction(l) > 0
        or exists (select from ledger.feeds f where f.ledger_id = l and f.last_seq > 0)
        or exists (select from ledger.outbox o where o.ledger_id = l)
    then
        return null;
    end if;
    return l;
end $$;
