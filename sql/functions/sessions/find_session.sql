-- Return whose session this token, known by its SHA-256, is: the key's ledger and scope. No row if
-- it has ended, or if its key was revoked.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.find_session(token_hash bytea)
returns table (key_hash bytea, ledger_id bigint, ledger_name text, scope text)
language sql stable security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off as $$
    select k.key_hash, k.ledger_id, g.name, k.scope
    from ledger.sessions s
    join ledger.api_keys k on k.key_hash = s.key_hash
    join ledger.ledgers g on g.ledger_id = k.ledger_id
    where s.token_hash = $1 and not s.once and s.expires_at > clock_timestamp()
        and k.revoked_at is null
$$;
