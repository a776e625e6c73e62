-- Say that a ledger lost the end of its feed, in the caller's transaction. `seen` is the highest
-- seq that any consumer saw. The feed goes on above it: an event ledger.skipped takes each seq
-- that others have seen with an event that is lost, and an event ledger.restored follows. The
-- ledger's log has another name from then on. Returns the number of the log, where the feed ended,
-- and the seq of ledger.restored if nothing else is written until the relay stamps it.
-- Only the owner of the tables may call this.
-- Locks: the ledger's row in ledger.feeds.
-- Codes: 22023 `seen` is more than 10,000,000 above the feed's end.
create or replace function zerosum.restore_ledger(ledger bigint, seen bigint)
returns table (number int, kept_seq bigint, restored_seq bigint)
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    max_skipped constant bigint := 10000000;
    ledger_name constant text := (select g.name from ledger.ledgers g where g.ledger_id = l);
    waiting bigint;
begin
    select f.last_seq into kept_seq from ledger.feeds f where f.ledger_id = l for update;
    -- (A new statement: what was stamped while the lock was waited for has left the outbox.)
    waiting := (select count(*) from ledger.outbox o where o.ledger_id = l);
    restored_seq := greatest(seen, kept_seq + waiting) + 1;
    if restored_seq - kept_seq > max_skipped then
        raise exception 'seq % is too far beyond the feed''s end, %', seen, kept_seq
            using errcode = '22023';
    end if;
    number := 1 + greatest(1,
        (select max(r.number) from ledger.restorations r where r.ledger_id = l));
    insert into ledger.restorations (ledger_id, number, kept_seq, restored_seq)
    values (l, number, kept_seq, restored_seq);
    insert into ledger.outbox (ledger_id, ord, aggregatetype, aggregateid, type, payload,
        recorded_at)
    select l, nextval('ledger.outbox_ord'), 'ledger', ledger_name, 'ledger.skipped', '{}',
        clock_timestamp()
    from generate_series(kept_seq + waiting + 1, restored_seq - 1);
    insert into ledger.outbox (ledger_id, ord, aggregatetype, aggregateid, type, payload,
        recorded_at)
    values (l, nextval('ledger.outbox_ord'), 'ledger', ledger_name, 'ledger.restored',
        concat('{"kept_seq":', kept_seq, ',"log_number":', number, '}'), clock_timestamp());
    return next;
end $$;
