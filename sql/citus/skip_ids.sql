-- zerosum.skip_ids() on Citus: on every worker, since each draws the ids of its ledgers.
-- Only the owner of the tables may call this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.skip_ids() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    one record;
begin
    for one in
        select x.name, x.skipped
        from (values ('transaction_id', 1000000000), ('outbox_ord', 1000000000),
            ('endpoint_id', 1000000), ('api_key_id', 1000000), ('ledger_id', 1000000)
        ) x (name, skipped)
    loop
        perform run_command_on_workers(format(
            'select setval(''ledger.%1$s'', nextval(''ledger.%1$s'') + %2$s)', one.name,
            one.skipped));
        if to_regclass('ledger.' || one.name) is not null then
            perform setval('ledger.' || one.name,
                nextval(to_regclass('ledger.' || one.name)) + one.skipped);
        end if;
    end loop;
end $$;
