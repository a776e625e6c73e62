-- Return the seq of the last event that was recorded before `at`, as far as the order of the feed
-- follows the clock: by halving, not by reading all. Purged events count as recorded
-- before. Null for null.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.seq_at(ledger bigint, at timestamptz) returns bigint
language plpgsql stable strict set search_path = pg_catalog, pg_temp as $$
declare
    low bigint := zerosum.purged_seq(ledger);
    high bigint;
    middle bigint;
    recorded timestamptz;
begin
    select f.last_seq into high from ledger.feeds f where f.ledger_id = $1;
    while low < high loop
        middle := (low + high + 1) / 2;
        select v.recorded_at into recorded from zerosum.feed($1, middle - 1, middle) v;
        if recorded < at then
            low := middle;
        else
            high := middle - 1;
        end if;
    end loop;
    return low;
end $$;
