-- Move value from one wallet to another, in the caller's own SQL transaction.
-- Errors and idempotency: as zerosum.run().
-- Locks: those of post().
-- Codes: those of zerosum.sqlstate(), 40001.
create or replace function zerosum.transfer(
    ledger bigint, source text, destination text, amount numeric, key text default null,
    reference text default null, description text default null, metadata jsonb default null,
    effective_at timestamptz default null, conditions jsonb default null
) returns table (replayed boolean, transaction json)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    told record;
begin
    told := zerosum.run(ledger, 'transfer', source, destination, amount, key, reference,
        description, metadata, effective_at, conditions);
    replayed := told.replayed;
    transaction := told.transaction;
    return next;
end $$;
