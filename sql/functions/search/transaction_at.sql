-- Return the id of the ledger's first transaction that was recorded at `at` or later, as far as
-- the order of the ids follows the clock: by halving, not by reading all. If there is none,
-- return an id above all others. (ledger_id + 0 spells the index that only lists use.)
-- Locks: none.
-- Codes: none.
create or replace function zerosum.transaction_at(ledger bigint, at timestamptz) returns bigint
language plpgsql stable as $$
declare
    -- All ids up to low were recorded before `at`; those from high on were not.
    low bigint := 0;
    high bigint := 1 + coalesce((
        select t.id from ledger.transactions t where t.ledger_id + 0 = $1
        order by t.ledger_id + 0 desc, t.id desc limit 1), 0);
    middle bigint;
    one record;
begin
    while low + 1 < high loop
        middle := (low + high) / 2;
        select t.id, t.recorded_at into one from ledger.transactions t
        where t.ledger_id + 0 = $1 and t.id >= middle and t.id < high
        order by t.ledger_id + 0, t.id limit 1;
        if not found or one.recorded_at >= at then
            high := middle;
        else
            low := one.id;
        end if;
    end loop;
    return high;
end $$;
