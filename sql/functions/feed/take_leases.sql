-- Take or prolong the lease of every ledger that no other relay holds, for `seconds` of database
-- time. Return one row for each ledger held, with what there is to do in it:
-- - epoch: the number to stamp under; each new holder gets a new one.
-- - waiting: whether the outbox has rows.
-- - due: endpoints that have a delivery to retry now or a replay, and endpoints and sinks that
--   are behind the feed.
-- - expired: whether holds have expired and are not settled.
-- - whole: whether this holder has the lease of every ledger.
-- - settled: whether no transaction older than `horizon` is open, judged in the snapshot that
--   saw the outbox.
-- - moment: the database's time, so that the caller sees its clock jump.
-- A lease that ends later than any can is ignored: the clock was set back. A lease that holds
-- for more than half of `seconds` is not written again, so that an idle relay writes little.
-- Locks: rows of ledger.feeds, skipping locked ones: whoever stamps is alive.
-- Codes: none.
create or replace function zerosum.take_leases(holder text, seconds float8,
    horizon text default null)
returns table (ledger_id bigint, epoch bigint, waiting boolean, due bigint[], expired boolean,
    whole boolean,
    settled boolean, moment timestamptz)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    -- (A condition with clock_timestamp() itself would read the index of due deliveries to its
    -- end.)
    now_is constant timestamptz := clock_timestamp();
begin
    update ledger.feeds f
    set holder = $1, until = clock_timestamp() + make_interval(secs => $2),
        epoch = f.epoch + (f.holder is distinct from $1 or f.until <= clock_timestamp())::int
    from (
        select f.ledger_id from ledger.feeds f
        where f.until <= clock_timestamp()
            or f.until > clock_timestamp() + make_interval(secs => 2 * $2)
            or f.holder = $1 and f.until < clock_timestamp() + make_interval(secs => $2 / 2)
        order by f.ledger_id
        for update skip locked
    ) x
    where f.ledger_id = x.ledger_id;
    return query
        select f.ledger_id, f.epoch,
            exists (select from ledger.outbox o where o.ledger_id = f.ledger_id),
            array(
                select p.id from ledger.endpoints p
                where p.ledger_id = f.ledger_id and p.disabled_at is null
                    and (p.sent_seq < f.last_seq or exists (
                    select from ledger.deliveries d
                    where d.ledger_id = f.ledger_id and d.endpoint_id = p.id
                        and d.status = 'pending'
                        and d.due_at <= now_is)
                    or exists (
                        select from ledger.replays r
                        where r.ledger_id = f.ledger_id and r.endpoint_id = p.id
                            and r.finished_at is null))
                union all
                select s.id from ledger.sinks s
                where s.ledger_id = f.ledger_id and s.paused_at is null and s.sent_seq < f.last_seq
            ),
            exists (
                select from ledger.hold_postings p
                where p.posting = 1 and p.due_at <= now_is and p.ledger_id = f.ledger_id),
            not exists (select from ledger.feeds o where o.holder is distinct from $1
                or o.until <= clock_timestamp()),
            coalesce(pg_snapshot_xmin(pg_current_snapshot()) >= $3::xid8, true),
            now_is
        from ledger.feeds f
        where f.holder = $1 and f.until > clock_timestamp();
end $$;
