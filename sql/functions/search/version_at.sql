-- Return the version below which all of a wallet's entries have transactions with ids below
-- `past`. A wallet's transactions take their ids while the wallet is locked, so both rise
-- together: it is found by halving.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.version_at(ledger bigint, wallet text, past bigint)
returns bigint
language plpgsql stable as $$
declare
    low bigint := 0;
    high bigint := 1 + coalesce((
        select e.version from ledger.entries e where e.ledger_id = $1 and e.wallet_id = $2
        order by e.version desc limit 1), 0);
    middle bigint;
    one record;
begin
    while low + 1 < high loop
        middle := (low + high) / 2;
        select e.version, e.transaction_id into one from ledger.entries e
        where e.ledger_id = $1 and e.wallet_id = $2 and e.version >= middle and e.version < high
        order by e.version limit 1;
        if not found or one.transaction_id >= past then
            high := middle;
        else
            low := one.version;
        end if;
    end loop;
    return high;
end $$;
