-- Write what of an endpoint can be changed. The caller has locked its row.
-- Locks: none.
-- Codes: none (checks raise 23514).
create or replace function zerosum.store_endpoint(p ledger.endpoints) returns void
language sql set search_path = pg_catalog, pg_temp as $$
    update ledger.endpoints e
    set url = p.url, types = p.types, wallets = p.wallets, kinds = p.kinds, headers = p.headers,
        header_names = p.header_names, amounts = p.amounts, timeout_s = p.timeout_s,
        concurrency = p.concurrency, ordered = p.ordered, rate_limit = p.rate_limit,
        description = p.description, metadata = p.metadata
    where e.ledger_id = p.ledger_id and e.id = p.id
$$;
