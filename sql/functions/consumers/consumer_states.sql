-- Return, for metrics, every ledger's consumers and how many events each is behind.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.consumer_states()
returns table (ledger text, name text, behind bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select g.name, c.name, greatest(f.last_seq - c.acknowledged_seq, 0)
    from ledger.consumers c
    join ledger.ledgers g on g.ledger_id = c.ledger_id
    join ledger.feeds f on f.ledger_id = c.ledger_id
    order by g.name, c.name
$$;
