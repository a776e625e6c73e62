-- Add a secret that signs what goes to an endpoint from now on. secret: whsec_ or whsk_ and base64,
-- as Standard Webhooks spells it; public_key: of whsk_.
-- Locks: none; the caller has locked the endpoint's row, or has just made it.
-- Codes: none (checks raise 23514).
create or replace function zerosum.add_endpoint_secret(
    p ledger.endpoints, secret text, public_key bytea
) returns void
language sql set search_path = pg_catalog, pg_temp as $$
    insert into ledger.endpoint_secrets (ledger_id, endpoint_id, number, secret, public_key)
    select p.ledger_id, p.id, coalesce(max(s.number), 0) + 1, $2, $3
    from ledger.endpoint_secrets s where s.endpoint_id = p.id and s.ledger_id = p.ledger_id
$$;
