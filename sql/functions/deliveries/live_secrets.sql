-- Return the secrets that sign what goes to an endpoint now, the newest first.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.live_secrets(ledger bigint, endpoint bigint)
returns table (secret text, public_key bytea, expires_at timestamptz)
language sql stable set search_path = pg_catalog, pg_temp as $$
    select s.secret, s.public_key, s.expires_at from ledger.endpoint_secrets s
    where s.endpoint_id = $2 and s.ledger_id = $1
        and (s.expires_at is null or s.expires_at > clock_timestamp())
    order by s.number desc
$$;
