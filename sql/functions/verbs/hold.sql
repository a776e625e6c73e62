-- Reserve value of the source, for a later capture to the destination, in the caller's own SQL
-- transaction. The hold expires at expires_at; null: never.
-- Errors and idempotency: as zerosum.run().
-- Locks: those of post().
-- Codes: those of zerosum.sqlstate(), 40001.
create or replace function zerosum.hold(
    ledger bigint, source text, destination text, amount numeric, key text default null,
    expires_at timestamptz default null, reference text default null, description text default null,
    metadata jsonb default null, effective_at timestamptz default null,
    conditions jsonb default null
) returns table (replayed boolean, transaction json)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    told record;
begin
    told := zerosum.run(ledger, 'hold', source, destination, amount, key, reference, description,
        metadata,
        effective_at, conditions, case when expires_at is not null
            then jsonb_build_object('expires_at', zerosum.time_json(expires_at)::jsonb) end);
    replayed := told.replayed;
    transaction := told.transaction;
    return next;
end $$;
