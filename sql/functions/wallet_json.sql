-- The one place that spells a wallet as JSON text.
-- Locks: none. Codes: none.
create or replace function zerosum.wallet_json(w ledger.wallets) returns text
language sql stable as $$
    select concat('{"id":"', w.id, '","asset":"', w.asset, '","posted":', w.posted, ',"held":', w.held,
        ',"available":', w.posted - w.held, ',"min_balance":', coalesce(w.min_balance::text, 'null'),
        ',"max_balance":', coalesce(w.max_balance::text, 'null'), ',"metadata":', w.metadata,
        ',"version":', w.version, ',"status":"', w.status, '","credits_while_frozen":', to_json(w.credits_while_frozen), ',"created_at":', zerosum.time_json(w.created_at), '}')
$$;
