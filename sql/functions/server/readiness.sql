-- Return whether this server can be served from: the newest migration, whether it takes writes,
-- and for how many seconds the oldest event of any outbox has waited to be stamped.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.readiness()
returns table (version text, writable boolean, outbox_age_s float8)
language plpgsql stable security definer set search_path = pg_catalog,
    pg_temp set enable_seqscan = off as $$
begin
    version := (select max(m.name) from ledger.migrations m);
    writable := not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off';
    outbox_age_s := (
        select coalesce(extract(epoch from clock_timestamp() - min(o.recorded_at)), 0)
        from ledger.ledgers g
        cross join lateral (
            select o.recorded_at from ledger.outbox o where o.ledger_id = g.ledger_id
                order by o.ord limit 1
        ) o);
    return next;
end $$;
