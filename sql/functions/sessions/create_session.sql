-- Create a session of the console for an API key, both known by their SHA-256s, for so many
-- seconds. `once`: it is a link that exchange_session() takes. Sessions that have expired are
-- deleted.
-- Returns whether the key is known and not revoked.
-- Locks: the expired sessions' rows.
-- Codes: none.
create or replace function zerosum.create_session(token_hash bytea, key_hash bytea, seconds float8,
    once boolean default false)
returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off as $$
begin
    delete from ledger.sessions s where s.token_hash = any (array(
        select o.token_hash from ledger.sessions o where o.expires_at < clock_timestamp()
        limit 1000 for update skip locked));
    insert into ledger.sessions (token_hash, key_hash, once, expires_at)
    select $1, k.key_hash, $4, clock_timestamp() + make_interval(secs => $3)
    from ledger.api_keys k where k.key_hash = $2 and k.revoked_at is null;
    return found;
end $$;
