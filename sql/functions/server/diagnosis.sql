-- Return facts of the server that say whether it is fit to keep money, as far as the caller may
-- see them, for zerosum doctor.
-- - connections, max_connections: used now, and to be had by roles that are no superuser.
-- - oldest_transaction_s: for how long the oldest transaction of this database is open.
-- - xid_age: how many transactions ago the database was last frozen; at 2^31 it stops.
-- - archived_at: when a segment of the write-ahead log was last archived; null: never, or nothing
--   archives here. archive_failed_at: when that last failed.
-- - privileged: whether the caller is a superuser or owns the tables.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.diagnosis()
returns table (
    version int, in_recovery boolean, moment timestamptz, connections int, max_connections int,
    oldest_transaction_s float8, xid_age bigint, database_bytes bigint,
    archived_at timestamptz, archive_failed_at timestamptz, privileged boolean
)
language sql stable set search_path = pg_catalog, pg_temp as $$
    select current_setting('server_version_num')::int, pg_is_in_recovery(), clock_timestamp(),
        (select count(*)::int from pg_stat_activity a where a.backend_type = 'client backend'),
        current_setting('max_connections')::int
            - current_setting('superuser_reserved_connections')::int,
        coalesce((
            select extract(epoch from clock_timestamp() - min(a.xact_start))
            from pg_stat_activity a
            where a.datname = current_database() and a.pid <> pg_backend_pid()
                and a.backend_type = 'client backend'), 0)::float8,
        (select age(d.datfrozenxid)::bigint from pg_database d
            where d.datname = current_database()),
        pg_database_size(current_database()),
        (select a.last_archived_time from pg_stat_archiver a),
        (select a.last_failed_time from pg_stat_archiver a),
        (select r.rolsuper from pg_roles r where r.rolname = current_user)
            or pg_has_role(current_user, (
                select c.relowner from pg_class c where c.oid = 'ledger.wallets'::regclass),
                'usage')
$$;
