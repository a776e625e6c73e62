-- Move value into a wallet, from @world or a named source, in the caller's own SQL transaction.
-- Errors and idempotency: as zerosum.run().
-- Locks: those of post().
-- Codes: those of zerosum.sqlstate(), 40001.
create or replace function zerosum.credit(
    ledger bigint, wallet text, amount numeric, key text default null, source text default '@world',
    reference text default null, description text default null, metadata jsonb default null,
    effective_at timestamptz default null, conditions jsonb default null
) returns table (replayed boolean, transaction json)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    told record;
begin
    told := zerosum.run(ledger, 'credit', source, wallet, amount, key, reference,
        description, metadata, effective_at, conditions);
    replayed := told.replayed;
    transaction := told.transaction;
    return next;
end $$;
