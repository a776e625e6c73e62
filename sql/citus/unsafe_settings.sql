-- zerosum.unsafe_settings() on Citus: of the coordinator and of every worker.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.unsafe_settings() returns table (name text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    return query
        select s.name from pg_settings s
        where s.name in ('fsync', 'full_page_writes', 'synchronous_commit') and s.setting = 'off'
        union
        select x.name from run_command_on_workers(
            'select string_agg(name, '','') from pg_settings where setting = ''off'' and name in '
            '(''fsync'', ''full_page_writes'', ''synchronous_commit'')') w
        cross join lateral string_to_table(w.result, ',') x (name)
        where w.success and w.result <> ''
        order by 1;
end $$;
