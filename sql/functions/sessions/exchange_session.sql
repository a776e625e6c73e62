-- Exchange a link that signs in once for a session of so many seconds, both known by their
-- SHA-256s. Returns whether the link was good: it is gone afterwards either way.
-- Locks: the link's row.
-- Codes: none.
create or replace function zerosum.exchange_session(link_hash bytea, token_hash bytea,
    seconds float8)
returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off as $$
declare
    link ledger.sessions;
begin
    delete from ledger.sessions s where s.token_hash = $1 and s.once returning * into link;
    return link.expires_at > clock_timestamp()
        and zerosum.create_session($2, link.key_hash, $3);
end $$;
