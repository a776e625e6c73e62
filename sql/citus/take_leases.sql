-- zerosum.take_leases() on Citus, which locks no rows of several shards at once: ledger by ledger.
-- What it takes and returns is the same; `settled` is always true, since snapshots of several nodes
-- tell nothing of each other, and relays poll.
-- Locks: rows of ledger.feeds, one at a time.
-- Codes: none.
create or replace function zerosum.take_leases(holder text, seconds float8,
    horizon text default null)
returns table (ledger_id bigint, epoch bigint, waiting boolean, due bigint[], expired boolean,
    whole boolean,
    settled boolean, moment timestamptz, name text, surplus boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    now_is constant timestamptz := clock_timestamp();
    span constant interval := make_interval(secs => $2);
    ledgers bigint[];
    holders text[];
    untils timestamptz[];
    share int;
    held int := 0;
begin
    if not exists (
        select from ledger.relays r
        where r.holder = $1 and r.until > now_is + span / 2 and r.until <= now_is + 2 * span)
    then
        insert into ledger.relays as r values ($1, now_is + span)
        on conflict (holder) do update set until = excluded.until;
        delete from ledger.relays r where r.until < now_is - 10 * span;
    end if;
    select array_agg(f.ledger_id order by f.ledger_id), array_agg(f.holder order by f.ledger_id),
        array_agg(f.until order by f.ledger_id)
    into ledgers, holders, untils from ledger.feeds f;
    select m.ledgers / m.relays + (m.place <= m.ledgers % m.relays)::int into share
    from (
        select r.holder,
            row_number() over (order by count(f.ledger) desc, r.holder) as place,
            count(*) over () as relays, coalesce(cardinality(ledgers), 0) as ledgers
        from ledger.relays r
        left join unnest(ledgers, holders, untils) f (ledger, holder, until)
            on f.holder = r.holder and f.until > now_is and f.until <= now_is + 2 * span
        where r.until > now_is and r.until <= now_is + 2 * span
        group by r.holder
    ) m
    where m.holder = $1;
    for i in 1..coalesce(cardinality(ledgers), 0) loop
        if holders[i] = $1 and untils[i] > now_is and untils[i] <= now_is + 2 * span then
            held := held + 1;
        end if;
    end loop;
    for i in 1..coalesce(cardinality(ledgers), 0) loop
        if holders[i] = $1 and untils[i] > now_is and untils[i] < now_is + span / 2 then
            update ledger.feeds f set until = now_is + span
            where f.ledger_id = ledgers[i] and f.holder = $1 and f.until > now_is;
        elsif held < share and (untils[i] <= now_is or untils[i] > now_is + 2 * span) then
            update ledger.feeds f set holder = $1, until = now_is + span, epoch = f.epoch + 1
            where f.ledger_id = ledgers[i]
                and (f.until <= now_is or f.until > now_is + 2 * span);
            held := held + found::int;
        end if;
    end loop;
    for ledger_id in
        select f.ledger_id from ledger.feeds f
        where f.holder = $1 and f.until > now_is order by f.ledger_id
    loop
        select w.epoch, w.waiting, w.due, w.expired, w.name
        into epoch, waiting, due, expired, name
        from zerosum.ledger_work(ledger_id) w;
        whole := share >= cardinality(ledgers);
        settled := true;
        moment := now_is;
        held := held - 1;
        surplus := coalesce(array_position(ledgers, ledger_id), 0) > 0
            and (select count(*) from unnest(ledgers, holders) x (ledger, holder)
                where x.holder = $1 and x.ledger < take_leases.ledger_id) >= share;
        return next;
    end loop;
end $$;
