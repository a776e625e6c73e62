-- Leave out ids of transactions, endpoints, sinks, API keys and ledgers, so that no new one is
-- equal to an id that was lost with the end of the database. It can't be undone.
-- Only the owner of the tables may call this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.skip_ids() returns void
language sql set search_path = pg_catalog, pg_temp as $$
    -- A billion is two days at 5,000 transactions a second; ids stay exact in JSON, below 2^53.
    select setval('ledger.transaction_id', nextval('ledger.transaction_id') + 1000000000),
        setval('ledger.outbox_ord', nextval('ledger.outbox_ord') + 1000000000),
        setval('ledger.endpoint_id', nextval('ledger.endpoint_id') + 1000000),
        setval('ledger.api_key_id', nextval('ledger.api_key_id') + 1000000),
        setval('ledger.ledger_id', nextval('ledger.ledger_id') + 1000000);
$$;
