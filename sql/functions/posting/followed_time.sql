-- The time of a wallet's last change, as far as a batch that changes the wallet follows it: no more than a minute ahead, else
-- null. (A time far ahead is from before the clock went back: it would expire holds, and spread.) The planner inlines it.
-- Locks: none. Codes: none.
create or replace function zerosum.followed_time(changed_at timestamptz) returns timestamptz
language sql volatile as $$
    select case when changed_at <= clock_timestamp() + interval '1 minute' then changed_at end
$$;
