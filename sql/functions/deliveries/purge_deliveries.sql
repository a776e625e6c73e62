-- Delete deliveries that were settled more than so many seconds ago, with their attempts, in the
-- ledgers whose lease `holder` has: of events older than that, which every endpoint has passed. At
-- most `max` for each endpoint, so that a call is short; a deleted endpoint's too. Replays that
-- ended as long ago are deleted with them. Returns how many deliveries.
-- Locks: the deleted rows.
-- Codes: none.
create or replace function zerosum.purge_deliveries(holder text, seconds float8, max int)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
declare
    limit_is constant timestamptz := clock_timestamp() - make_interval(secs => seconds);
    p record;
    gone bigint[];
    purged bigint := 0;
begin
    -- Losing this commit only means that the rows are deleted again.
    perform set_config('synchronous_commit', 'off', true);
    for p in
        select e.ledger_id, e.id, least(e.sent_seq, zerosum.seq_at(e.ledger_id, limit_is)) as upto
        from ledger.feeds f join ledger.endpoints e on e.ledger_id = f.ledger_id
        where f.holder = $1 and f.until > clock_timestamp()
    loop
        with old as materialized (
            select d.seq from ledger.deliveries d
            where d.endpoint_id = p.id and d.ledger_id = p.ledger_id and d.seq <= p.upto
                and d.status <> 'pending' and d.settled_at < limit_is
            order by d.seq limit max for update skip locked
        ), deleted as (
            delete from ledger.deliveries d
            where d.endpoint_id = p.id and d.ledger_id = p.ledger_id
                and d.seq = any (array(select o.seq from old o))
            returning d.seq
        )
        select coalesce(array_agg(d.seq), '{}') into gone from deleted d;
        delete from ledger.attempts a
        where a.endpoint_id = p.id and a.ledger_id = p.ledger_id and a.seq = any (gone);
        delete from ledger.replays r
        where r.endpoint_id = p.id and r.ledger_id = p.ledger_id and r.finished_at < limit_is;
        purged := purged + cardinality(gone);
    end loop;
    return purged;
end $$;
