-- Move back what a transaction moved, in the caller's own SQL transaction.
-- amount: how much; null: all that is left. postings: parts of single postings, [{posting,
-- amount}]. force: a wallet may go below its min_balance.
-- Errors and idempotency: as zerosum.run().
-- Locks: those of post().
-- Codes: those of zerosum.sqlstate(), 40001.
create or replace function zerosum.reverse(
    ledger bigint, id bigint, amount numeric default null, key text default null,
    postings jsonb default null, force boolean default false, reference text default null,
    description text default null, metadata jsonb default null,
    effective_at timestamptz default null,
    conditions jsonb default null
) returns table (replayed boolean, transaction json)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    told record;
begin
    told := zerosum.run($1, 'reversal', null, null, null, $4, $7, $8, $9, $10, $11,
        jsonb_strip_nulls(jsonb_build_object('transaction', $2, 'amount', $3::text, 'postings', $5,
            'force', nullif($6, false))));
    replayed := told.replayed;
    transaction := told.transaction;
    return next;
end $$;
