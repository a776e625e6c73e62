-- What an attempt met: the address that was dialled, and the beginning of the answer's body.
alter table ledger.attempts add column address text, add column answer text;
alter table ledger.deliveries add column address text, add column answer text;

-- Since when nothing has arrived at an endpoint although it was tried, and when that was told.
alter table ledger.endpoints add column failing_since timestamptz, add column warned_at timestamptz;

-- It takes addresses and answers too, and after how long an endpoint that fails is disabled.
drop function if exists zerosum.record_deliveries(
    bigint, bigint, bigint, bigint[], text[], int[], text[], int[], float8[], text);
