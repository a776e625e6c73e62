-- Return the limits that this session has now, in milliseconds. If they are not those that the
-- client asked for, a pooler is between.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.session_limits() returns table (statement_ms int, lock_ms int)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select max(s.setting) filter (where s.name = 'statement_timeout')::int,
        max(s.setting) filter (where s.name = 'lock_timeout')::int
    from pg_settings s where s.name in ('statement_timeout', 'lock_timeout')
$$;
