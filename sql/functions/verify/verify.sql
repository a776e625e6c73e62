-- Derive what a ledger claims again from its entries and events. Return one row for each
-- difference; none: all is well. Checked are: balances, versions and times of every wallet and
-- entry; zero sums per posting, transaction and asset; an event for each transaction, with its
-- very bytes; what holds and reversals took of the holds and transactions that they refer to;
-- seqs and leaves of the feed; the triggers.
-- It is one statement in one snapshot. It goes slice by slice, so that it needs little memory,
-- with a NOTICE of its progress about once a second.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.verify(ledger bigint)
returns table (fault text, subject text, detail text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set client_min_messages = notice
    as $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    wallets_slice constant int := 500;
    slice constant int := 5000;
    told timestamptz := '-infinity';
    low text := '';
    high text;
    at bigint := 0;
    till bigint;
    done bigint := 0;
    last bigint;
begin
    loop
        select max(x.id) into high from (
            select w.id from ledger.wallets w where w.ledger_id = l and w.id > low collate "C"
            order by w.id offset wallets_slice - 1 limit 1
        ) x;
        return query select * from zerosum.verify_wallets(l, low, high);
        exit when high is null;
        low := high;
        done := done + wallets_slice;
        told := zerosum.tell_progress(told, 'wallets: ' || done || ' looked at');
    end loop;
    done := 0;
    loop
        -- (The sum spells the index that only lists use.)
        select max(x.id) into till from (
            select t.id from ledger.transactions t
            where (t.ledger_id + 0, t.id) > (l, at)
                and (t.ledger_id + 0, t.id) <= (l, 9223372036854775807)
            order by t.ledger_id + 0, t.id offset slice - 1 limit 1
        ) x;
        return query select * from zerosum.verify_transactions(l, at, till);
        return query select * from zerosum.verify_holds(l, at, till);
        exit when till is null;
        at := till;
        done := done + slice;
        told := zerosum.tell_progress(told, 'transactions: ' || done || ' looked at');
    end loop;
    return query
        select 'asset', e.asset, 'sums to ' || sum(e.amount) from ledger.entries e
            where e.ledger_id = l
        group by e.asset having sum(e.amount) <> 0;
    last := zerosum.last_event(l);
    return query select * from zerosum.verify_feed(l, 0);
    return query
        select * from zerosum.verify_outbox(l)
        union all
        select 'event', coalesce(t.id, m.transaction_id)::text,
            case when t.id is null then 'event without a transaction' when m.n is null
                then 'no event'
                else m.n || ' events' end
        from (
            select x.transaction_id, count(*) as n from (
                select v.transaction_id from ledger.events v where v.ledger_id = l
                union all
                select unnest(b.transaction_ids) from ledger.event_bundles b where b.ledger_id = l
                union all
                select unnest(b.transaction_ids) from ledger.purged_bundles b where b.ledger_id = l
                union all
                select o.transaction_id from ledger.outbox o where o.ledger_id = l
            ) x where x.transaction_id is not null group by x.transaction_id
        ) m
        full join (select t.id from ledger.transactions t where t.ledger_id = l) t
            on t.id = m.transaction_id
        where t.id is null or m.n is distinct from 1
        union all
        select 'feed', l::text, concat('last_seq ', f.last_seq, ', ', v.n, ' events that end at ',
            last)
        from (
            select (select count(*) from ledger.events v where v.ledger_id = l)
                + (select count(*) * 256 from ledger.event_bundles b where b.ledger_id = l)
                + (select count(*) * 256 from ledger.purged_bundles b where b.ledger_id = l) as n
        ) v
        left join ledger.feeds f on f.ledger_id = l
        where coalesce(f.last_seq, 0) <> last or v.n <> last
        union all
        select * from zerosum.verify_tiles(l)
        union all
        select * from zerosum.verify_triggers();
end $$;
