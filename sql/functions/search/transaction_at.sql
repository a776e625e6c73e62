-- Return the id of the ledger's first transaction that was recorded at `at` or later, as far as
-- the order of the ids follows the clock: by halving, not by reading all. If there is none,
-- return an id above all others. (The sum and the rows spell the index that only lists use: see
-- list_transactions().)
-- Locks: none.
-- Codes: none.
create or replace function zerosum.transaction_at(ledger bigint, at timestamptz) returns bigint
language plpgsql stable as $$
declare
    -- All ids up to low were recorded before `at`; those from high on were not.
    low bigint := 0;
    high bigint := 1 + zerosum.last_transaction($1);
    middle bigint;
    one record;
begin
    while low + 1 < high loop
        middle := (low + high) / 2;
        select t.id, t.recorded_at into one from ledger.transactions t
        where (t.ledger_id + 0, t.id) >= ($1, middle) and (t.ledger_id + 0, t.id) < ($1, high)
        order by t.ledger_id + 0, t.id limit 1;
        if not found or one.recorded_at >= at then
            high := middle;
        else
            low := one.id;
        end if;
    end loop;
    return high;
end $$;
