-- Take or prolong this relay's share of the ledgers' leases, for `seconds` of database time. The
-- relays that work now share the ledgers evenly. Return one row for each ledger held, with what
-- there is to do in it:
-- - epoch: the number to stamp under; each new holder gets a new one.
-- - waiting: whether the outbox has rows.
-- - due: endpoints that have a delivery to retry now or a replay, and endpoints and sinks that
--   are behind the feed.
-- - expired: whether holds have expired and are not settled.
-- - whole: whether this holder has the lease of every ledger.
-- - settled: whether no transaction older than `horizon` is open, judged in the snapshot that
--   saw the outbox.
-- - moment: the database's time, so that the caller sees its clock jump.
-- - name: the ledger's.
-- - surplus: whether the ledger is beyond this relay's share. Its lease is prolonged until the
--   relay has ended its work there and calls release_lease().
-- A lease or a relay that ends later than any can is ignored: the clock was set back. A lease that
-- holds for more than half of `seconds` is not written again, so that an idle relay writes little.
-- Locks: this relay's row of ledger.relays; rows of ledger.feeds, skipping locked ones: whoever
-- stamps is alive.
-- Codes: none.
create or replace function zerosum.take_leases(holder text, seconds float8,
    horizon text default null)
returns table (ledger_id bigint, epoch bigint, waiting boolean, due bigint[], expired boolean,
    whole boolean,
    settled boolean, moment timestamptz, name text, surplus boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    -- (A condition with clock_timestamp() itself would read the index of due deliveries to its
    -- end.)
    now_is constant timestamptz := clock_timestamp();
    span constant interval := make_interval(secs => $2);
    share int;
    held int;
    ends_soon boolean;
begin
    if not exists (
        select from ledger.relays r
        where r.holder = $1 and r.until > now_is + span / 2 and r.until <= now_is + 2 * span)
    then
        insert into ledger.relays as r values ($1, now_is + span)
        on conflict (holder) do update set until = excluded.until;
        delete from ledger.relays r where r.until < now_is - 10 * span;
    end if;
    -- Each relay has as many, and who holds most has one more where that does not come out even:
    -- nobody has none while another has two, and no lease changes hands without need.
    select m.ledgers / m.relays + (m.place <= m.ledgers % m.relays)::int, m.held, m.ends_soon
    into share, held, ends_soon
    from (
        select r.holder, count(f.ledger_id) as held,
            bool_or(f.until < now_is + span / 2) as ends_soon,
            row_number() over (order by count(f.ledger_id) desc, r.holder) as place,
            count(*) over () as relays, (select count(*) from ledger.feeds) as ledgers
        from ledger.relays r
        left join ledger.feeds f on f.holder = r.holder
            and f.until > now_is and f.until <= now_is + 2 * span
        where r.until > now_is and r.until <= now_is + 2 * span
        group by r.holder
    ) m
    where m.holder = $1;
    if ends_soon then
        update ledger.feeds f set until = now_is + span
        from (
            select f.ledger_id from ledger.feeds f
            where f.holder = $1 and f.until > now_is and f.until < now_is + span / 2
            order by f.ledger_id
            for update skip locked
        ) x
        where f.ledger_id = x.ledger_id;
    end if;
    if held < share then
        update ledger.feeds f set holder = $1, until = now_is + span, epoch = f.epoch + 1
        from (
            select f.ledger_id from ledger.feeds f
            where f.until <= now_is or f.until > now_is + 2 * span
            order by f.ledger_id
            limit share - held
            for update skip locked
        ) x
        where f.ledger_id = x.ledger_id;
    end if;
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
            now_is,
            (select g.name from ledger.ledgers g where g.ledger_id = f.ledger_id),
            row_number() over (order by f.ledger_id) > share
        from ledger.feeds f
        where f.holder = $1 and f.until > clock_timestamp();
end $$;
