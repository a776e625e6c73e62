-- Write the event that a wallet has changed, in the transaction of the caller, who has locked
-- it.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.wallet_event(w ledger.wallets, type text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
    insert into ledger.outbox (ledger_id, aggregatetype, aggregateid, type, payload, recorded_at)
    select g.ledger_id, 'wallet', w.id, type, zerosum.wallet_json(w), case
            when w.recorded_at > clock_timestamp() + interval '1 minute' then clock_timestamp()
            else greatest(clock_timestamp(), w.recorded_at) end
    from ledger.ledgers g where g.ledger_id = w.ledger_id
$$;
