-- Return the seq of the ledger's last event, from the events themselves; 0: there are none.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.last_event(ledger bigint) returns bigint
language sql stable set search_path = pg_catalog, pg_temp as $$
    select greatest(
        coalesce((select max(v.seq) from ledger.events v where v.ledger_id = $1), 0),
        coalesce((select (max(b.number) + 1) * 256 from ledger.event_bundles b
            where b.ledger_id = $1), 0),
        zerosum.purged_seq($1))
$$;
