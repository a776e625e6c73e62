-- Return the amount that these digits are: a whole number from 1 to 10^38 - 1 without a leading
-- zero; null if they are none. The planner inlines this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.amount_of(digits text) returns numeric
language sql immutable as $$
    select case when digits ~ '^[1-9][0-9]{0,37}$' then digits::numeric end
$$;
