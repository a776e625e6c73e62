-- Return the seq up to which every reader of the ledger's feed that is known here has passed:
-- endpoints (those that are paused or disabled too), sinks, consumers, and replays that are not
-- done. An event that has a delivery is not passed: deliveries are purged first.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.readers_passed(ledger bigint) returns bigint
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off
    set enable_bitmapscan = off set jit = off as $$
    select least(
        (select f.last_seq from ledger.feeds f where f.ledger_id = $1),
        (select min(p.sent_seq) from ledger.endpoints p
            where p.ledger_id = $1 and p.deleted_at is null),
        (select min(d.seq) - 1 from ledger.endpoints p cross join lateral (
            select d.seq from ledger.deliveries d
            where d.endpoint_id = p.id and d.ledger_id = $1 order by d.seq limit 1
        ) d where p.ledger_id = $1),
        (select min(r.read_seq) from ledger.endpoints p join ledger.replays r
            on r.endpoint_id = p.id and r.ledger_id = $1 and r.finished_at is null
            where p.ledger_id = $1),
        (select min(s.sent_seq) from ledger.sinks s where s.ledger_id = $1),
        (select min(c.acknowledged_seq) from ledger.consumers c where c.ledger_id = $1))
$$;
