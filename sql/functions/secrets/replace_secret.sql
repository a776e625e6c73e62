-- Store another text for a secret that zerosum.stored_secrets() has returned, unless it has become
-- another one meanwhile.
-- Locks: the row that has it.
-- Codes: none.
create or replace function zerosum.replace_secret(
    kind text, ledger bigint, id bigint, number int, before text, after text
) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    update ledger.endpoint_secrets s set secret = $6
    where $1 = 'webhook secret' and s.ledger_id = $2 and s.endpoint_id = $3 and s.number = $4
        and s.secret = $5;
    update ledger.endpoints p set headers = $6
    where $1 = 'webhook headers' and p.ledger_id = $2 and p.id = $3 and p.headers = $5;
    update ledger.sinks s set url = $6
    where $1 = 'sink url' and s.ledger_id = $2 and s.id = $3 and s.url = $5;
$$;
