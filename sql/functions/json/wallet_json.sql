-- Return a wallet as JSON text. No other function spells wallets.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.wallet_json(w ledger.wallets) returns text
language sql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
    select concat('{"id":"', w.id, '","asset":"', w.asset, '","posted":', w.posted, ',"held":',
        h.held,
        ',"available":', w.posted - h.held, ',"min_balance":',
        coalesce(w.min_balance::text, 'null'),
        ',"max_balance":', coalesce(w.max_balance::text, 'null'),
        ',"floor_debt":', greatest(0, least(w.floor_debt, w.min_balance - w.posted + h.held)),
        ',"metadata":', w.metadata,
        ',"version":', w.version, ',"status":"', w.status, '","credits_while_frozen":',
        to_json(w.credits_while_frozen), ',"created_at":', zerosum.time_json(w.created_at), '}')
    from (
        -- An expired hold reserves nothing, even before it is settled.
        select w.held - case when w.next_expiry <= clock_timestamp() then (
            select coalesce(sum(p.held), 0) from ledger.hold_postings p
            where p.source = w.id and p.ledger_id + 0 = w.ledger_id
                and p.due_at <= clock_timestamp() and p.held > 0
        ) else 0 end as held
    ) h
$$;
