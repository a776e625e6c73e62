-- Return every secret that the database keeps for use: those of webhooks, their header fields, and
-- the URLs of sinks. kind, ledger, id and number name it; value is the text, encrypted or not.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.stored_secrets()
returns table (kind text, ledger bigint, id bigint, number int, value text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select 'webhook secret', s.ledger_id, s.endpoint_id, s.number, s.secret
    from ledger.endpoint_secrets s
    union all
    select 'webhook headers', p.ledger_id, p.id, 0, p.headers from ledger.endpoints p
    where p.headers is not null
    union all
    select 'sink url', s.ledger_id, s.id, 0, s.url from ledger.sinks s
$$;
