-- Return, for the metrics, how many events of each ledger wait to be stamped, and the age of the
-- oldest in seconds.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.outbox_state()
returns table (ledger text, depth bigint, oldest_s float8)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select g.name, count(o.ord),
        coalesce(extract(epoch from clock_timestamp() - min(o.recorded_at)), 0)::float8
    from ledger.ledgers g left join ledger.outbox o on o.ledger_id = g.ledger_id
    group by g.name
$$;
