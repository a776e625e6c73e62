-- The time of a batch: now, or the latest of the times at which its wallets changed last, if that is later. (A time far ahead
-- is from before the clock went back: it would expire holds, and spread.) The planner inlines it.
-- Locks: none. Codes: none.
create or replace function zerosum.batch_time(now timestamptz, one timestamptz, other timestamptz) returns timestamptz
language sql stable as $$
    select greatest(now, case when one <= now + interval '1 minute' then one end,
        case when other <= now + interval '1 minute' then other end)
$$;
