-- Return the names of this database for what is beside it, such as a Redis that other
-- deployments use too. deployment differs for each database. run differs, besides, after each
-- start of its server, and so after every recovery, restore and failover. mac_key signs what the
-- database said in this run. All come from its secret, so that nobody can guess them.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.identity()
returns table (deployment text, run text, mac_key bytea)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select encode(substr(sha256(i.secret || x.place), 1, 8), 'hex'),
        encode(substr(sha256(i.secret || x.place || x.start), 1, 8), 'hex'),
        sha256(i.secret || x.place || x.start || convert_to('mac', 'UTF8'))
    from ledger.identity i
    cross join (
        select convert_to(concat_ws('/', d.oid, d.datname, s.system_identifier), 'UTF8') as place,
            convert_to('/' || extract(epoch from pg_postmaster_start_time()), 'UTF8') as start
        from pg_database d, pg_control_system() s where d.datname = current_database()
    ) x
$$;
