-- Return what there is to do for a ledger's relay: what zerosum.take_leases() tells of one ledger.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.ledger_work(ledger bigint)
returns table (epoch bigint, waiting boolean, due bigint[], expired boolean, name text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    now_is constant timestamptz := clock_timestamp();
    last bigint;
begin
    select f.epoch, f.last_seq into epoch, last from ledger.feeds f where f.ledger_id = l;
    waiting := exists (select from ledger.outbox o where o.ledger_id = l);
    due := array(
            select p.id from ledger.endpoints p
            where p.ledger_id = l and p.disabled_at is null and p.sent_seq < last)
        || array(
            select distinct d.endpoint_id from ledger.deliveries d
            join ledger.endpoints p on p.ledger_id = d.ledger_id and p.id = d.endpoint_id
            where d.ledger_id = l and d.status = 'pending' and d.due_at <= now_is
                and p.ledger_id = l and p.disabled_at is null and p.sent_seq >= last)
        || array(
            select s.id from ledger.sinks s
            where s.ledger_id = l and s.paused_at is null and s.sent_seq < last);
    due := due || array(
        select distinct r.endpoint_id from ledger.replays r
        where r.ledger_id = l and r.finished_at is null and r.endpoint_id <> all (due));
    expired := exists (
        select from ledger.hold_postings p
        where p.ledger_id = l and p.posting = 1 and p.due_at <= now_is);
    name := (select g.name from ledger.ledgers g where g.ledger_id = l);
    return next;
end $$;
