-- As verify(), but only for what came after the event `since`, up to which everything was found
-- well before. Checked are: the events after it, their transactions and entries, what waits in
-- the outbox, the wallets and tiles that they changed; the sums of all wallets; the holds and
-- reversed transactions from the first to the last that was changed; the triggers. Whatever was
-- changed before that only verify() finds.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.verify_since(ledger bigint, since bigint)
returns table (fault text, subject text, detail text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set client_min_messages = notice
    as $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    slice constant int := 5000;
    told timestamptz := '-infinity';
    at bigint;
    last bigint := zerosum.last_event(l);
    ids bigint[];
    first_id bigint;
    till bigint;
    missing bigint[];
    origins bigint[];
begin
    return query select * from zerosum.verify_feed(l, since);

    select array_agg(x.id order by x.id) filter (where x.id is not null),
        array_agg(x.expired) filter (where x.expired is not null)
    into ids, origins
    from (
        select v.transaction_id as id,
            case when v.type = 'hold.expired' then (v.body::jsonb -> 'data' ->> 'id')::bigint end
                as expired
        from zerosum.feed(l, since, last) v
        union all
        select p.transaction_id, null from zerosum.purged_events(l, since, last) p
        union all
        -- Which holds the purged events are about is not known any more: all that have expired.
        select null, h.hold_id from ledger.hold_postings h
        where h.ledger_id = l and h.posting = 1 and h.status = 'expired'
            and since < zerosum.purged_seq(l)
        union all
        select o.transaction_id, case when o.type = 'hold.expired' then o.aggregateid::bigint end
        from ledger.outbox o where o.ledger_id = l
    ) x;
    first_id := ids[1];
    at := first_id - 1;
    while at is not null loop
        -- (The sum spells the index that only lists use.)
        select max(x.id) into till from (
            select t.id from ledger.transactions t
            where (t.ledger_id + 0, t.id) > (l, at)
                and (t.ledger_id + 0, t.id) <= (l, 9223372036854775807)
            order by t.ledger_id + 0, t.id offset slice - 1 limit 1
        ) x;
        return query select * from zerosum.verify_transactions(l, at, till);
        exit when till is null;
        at := till;
        told := zerosum.tell_progress(told, 'transactions: up to number ' || at || ' looked at');
    end loop;
    -- Few transactions, if any, have an event up to `since` and an id above the first of these.
    missing := array(
        select t.id from ledger.transactions t where (t.ledger_id + 0, t.id) >= (l, first_id)
            and (t.ledger_id + 0, t.id) <= (l, 9223372036854775807)
        except all select unnest(ids));
    return query
        select 'event', x.id::text, 'no event' from unnest(missing) x (id)
        where x.id not in (
            select v.transaction_id from zerosum.feed(l, 0, since) v
                where v.transaction_id is not null
            union all
            select p.transaction_id from zerosum.purged_events(l, 0, since) p
                where p.transaction_id is not null)
        union all
        select 'event', x.id::text, count(*) || ' events'
            from unnest(ids) x (id) group by x.id having count(*) > 1
        union all
        select * from zerosum.verify_outbox(l);

    origins := array(
        select x.id from (
            select case when t.kind = 'hold' then t.id else t.origin_id end as id
            from ledger.transactions t where t.id = any (ids) and t.ledger_id = l
            union
            select unnest(origins)
        ) x where x.id is not null order by x.id);
    return query select *
        from zerosum.verify_holds(l, origins[1] - 1, origins[cardinality(origins)]);
    return query
        with touched as materialized (
            select e.wallet_id as id, min(e.version) as first from ledger.entries e
            where e.ledger_id = l and e.transaction_id >= first_id group by e.wallet_id
        ), e as materialized (
            select x.id, x.first, e.*,
                lag(e.balance) over w as balance_before, lag(e.version) over w as version_before,
                lag(e.recorded_at) over w as before, lead(e.version) over w is null as is_last
            from touched x
            cross join lateral (
                select e.version, e.amount, e.balance, e.recorded_at, e.asset from ledger.entries e
                where e.ledger_id = l and e.wallet_id = x.id and e.version >= x.first - 1
            ) e
            window w as (partition by x.id order by e.version)
        )
        select 'entry', e.id || '/' || e.version, 'does not follow from the one before it' from e
        where e.version >= e.first and (
            e.balance <> coalesce(e.balance_before, 0) + e.amount
                or e.version <> coalesce(e.version_before, 0) + 1
            or e.recorded_at < e.before and e.recorded_at >= e.before - interval '1 minute')
        union all
        select 'wallet', e.id, 'is not where its entries end'
        from e left join ledger.wallets w on w.ledger_id = l and w.id = e.id
        where e.is_last and (w.posted, w.version, w.recorded_at, w.asset)
            is distinct from (e.balance, e.version, e.recorded_at, e.asset)
        union all
        select 'wallet', w.id::text, 'held is not what its holds reserve'
        from (
            select x.id from touched x
            union
            select p.source from ledger.hold_postings p where p.ledger_id = l
                and p.hold_id = any (origins)
        ) x
        join ledger.wallets w on w.ledger_id = l and w.id = x.id
        where w.held <> (
            select coalesce(sum(p.held), 0) from ledger.hold_postings p
            where p.source = w.id and p.ledger_id + 0 = l and p.held > 0);

    return query
        select 'asset', b.asset, 'sums to ' || b.total from zerosum.trial_balance(l) b
            where b.total <> 0
        union all
        select 'feed', l::text, concat('last_seq ', f.last_seq, ', events end at ', last)
        from ledger.feeds f where f.ledger_id = l and f.last_seq <> last
        union all
        select * from zerosum.verify_tiles(l, since / 256)
        union all
        select * from zerosum.verify_triggers();
end $$;
