-- Move what a hold reserves to its destination, in the caller's own SQL transaction.
-- amount: how much; null: all that is left. destination: another wallet of the same asset.
-- final: release the rest.
-- postings: for a hold of several postings, [{posting, amount, destination}], where all but the
-- number may be left out. Postings that the list does not name stay held.
-- Errors and idempotency: as zerosum.run().
-- Locks: those of post().
-- Codes: those of zerosum.sqlstate(), 40001.
create or replace function zerosum.capture(
    ledger bigint, hold bigint, amount numeric default null, key text default null,
    final boolean default false,
    destination text default null, postings jsonb default null, reference text default null,
    description text default null, metadata jsonb default null,
    effective_at timestamptz default null,
    conditions jsonb default null
) returns table (replayed boolean, transaction json)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    told record;
begin
    told := zerosum.run(ledger, 'capture', null, null, null, key, reference, description, metadata,
        effective_at, conditions,
        jsonb_strip_nulls(jsonb_build_object('hold', hold, 'amount', amount::text,
            'final', nullif(final, false), 'destination', destination, 'postings', postings)));
    replayed := told.replayed;
    transaction := told.transaction;
    return next;
end $$;
