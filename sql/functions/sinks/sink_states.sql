-- Return, for metrics and readiness, every ledger's sinks with their state (ok, retrying,
-- paused) and how many events each is behind.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.sink_states()
returns table (ledger text, name text, state text, behind bigint, error text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select g.name, s.name,
        zerosum.sink_state(s),
        greatest(coalesce(f.last_seq, 0) - s.sent_seq, 0), s.error
    from ledger.sinks s
    join ledger.ledgers g on g.ledger_id = s.ledger_id
    left join ledger.feeds f on f.ledger_id = s.ledger_id
    order by g.name, s.name
$$;
