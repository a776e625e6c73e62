-- End a backend of the caller's own role, whose connection broke lost_s seconds ago. A backend
-- that began since then is another one with the same number, and is left alone. Return whether
-- it is gone: a stopped backend goes when it runs again. (Not security definer: a role may end
-- its own backends, and this function no others.)
-- Locks: none.
-- Codes: none.
create or replace function zerosum.end_backend(pid int, lost_s double precision) returns boolean
language sql volatile set search_path = pg_catalog, pg_temp set client_min_messages = error as $$
    select coalesce(bool_and(pg_terminate_backend(a.pid, 500)), true)
    from pg_stat_activity a
    where a.pid = $1 and a.pid <> pg_backend_pid()
        and a.backend_start < clock_timestamp() - make_interval(secs => $2)
$$;
