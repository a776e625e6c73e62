-- Return what is installed: the newest migration, and the number and digest of the release whose
-- functions these are.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.release() returns table (migration text, number int, sha256 text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select (select max(m.name) from ledger.migrations m), r.number, r.sha256
    from (select) one left join lateral (
        select r.number, r.sha256 from ledger.releases r order by r.number desc limit 1
    ) r on true
$$;
