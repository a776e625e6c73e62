-- Write the event that a wallet has changed, in the transaction of the caller, who has locked
-- it.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.wallet_event(w ledger.wallets, type text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    moment timestamptz := clock_timestamp();
begin
    if w.recorded_at <= moment + interval '1 minute' then
        moment := greatest(moment, w.recorded_at);
    end if;
    insert into ledger.outbox (ledger_id, ord, aggregatetype, aggregateid, type, payload,
        recorded_at)
    values (w.ledger_id, nextval('ledger.outbox_ord'), 'wallet', w.id, type,
        zerosum.wallet_json(w), moment);
end $$;
