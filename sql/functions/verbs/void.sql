-- Release all that a hold still reserves, in the caller's own SQL transaction.
-- Errors and idempotency: as zerosum.run().
-- Locks: those of post().
-- Codes: those of zerosum.sqlstate(), 40001.
create or replace function zerosum.void(
    ledger bigint, hold bigint, key text default null, reference text default null,
    description text default null,
    metadata jsonb default null, effective_at timestamptz default null,
    conditions jsonb default null
) returns table (replayed boolean, transaction json)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    told record;
begin
    told := zerosum.run(ledger, 'void', null, null, null, key, reference, description, metadata,
        effective_at, conditions, jsonb_build_object('hold', hold));
    replayed := told.replayed;
    transaction := told.transaction;
    return next;
end $$;
