-- Return the time of a wallet's last change if a batch that changes the wallet must follow it:
-- if it is at most a minute ahead. Else return null. (A time far ahead is from before the clock
-- was set back: it would expire holds, and spread to other wallets.) The planner inlines this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.followed_time(changed_at timestamptz) returns timestamptz
language sql volatile as $$
    select case when changed_at <= clock_timestamp() + interval '1 minute' then changed_at end
$$;
