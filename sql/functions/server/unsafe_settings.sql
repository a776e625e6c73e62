-- Return the server's settings that are off and without which an acknowledged commit can be
-- lost.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.unsafe_settings() returns table (name text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select s.name from pg_settings s
    where s.name in ('fsync', 'full_page_writes', 'synchronous_commit') and s.setting = 'off'
    order by s.name
$$;
