-- Return about how much verify() and an export have to read, for a progress bar: how many wallets,
-- transactions and events the ledger has. Transactions are not counted, which would take long:
-- there are at most as many as events, stamped or waiting.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.ledger_size(ledger bigint)
returns table (wallets bigint, transactions bigint, events bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select (select count(*) from ledger.wallets w where w.ledger_id = $1),
        zerosum.last_event($1)
            + (select count(*) from ledger.outbox o where o.ledger_id = $1
                and o.transaction_id is not null),
        zerosum.last_event($1)
$$;
