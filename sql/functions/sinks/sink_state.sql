-- Return a sink's state: ok, retrying or paused.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.sink_state(s ledger.sinks) returns text
language sql stable as $$
    select case when s.paused_at is not null then 'paused' when s.error is not null then 'retrying'
        else 'ok' end
$$;
