-- Return a private idempotency key, for a request without one: 30 characters, of which the first,
-- a delete, can't come from a client. Keys rise with time, so that the newest are in one place of
-- their index. With random ones each transaction of a large ledger changes a page of its own.
-- The planner inlines this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.one_time_key() returns text
language sql volatile as $$
    select chr(127) || lpad(to_hex((date_part('epoch', clock_timestamp()) * 1000)::bigint), 12, '0')
        || right(gen_random_uuid()::text, 17)
$$;
