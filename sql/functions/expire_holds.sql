-- Settle holds that have expired, the earliest first, at most max_holds, each with an event hold.expired: for the relay.
-- (They reserve nothing from the moment that they expire, settled or not.)
-- With `wait` for a moment for locked wallets, else those holds are left for another time; who waits takes one hold a
-- call, or a lock that is long in coming would keep the others.
-- Returns how many were settled.
-- Locks: ledger.wallets rows by id. Codes: 55P03 with wait, when a wallet was not to be had.
create or replace function zerosum.expire_holds(ledger bigint, max_holds int, wait boolean) returns int
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off set lock_timeout = '200ms' as $$
#variable_conflict use_column
declare
    moment timestamptz := clock_timestamp();
    due bigint[];
    wallets text[];
    busy text[];
    h ledger.hold_postings;
    settled int := 0;
begin
    due := array(
        select p.hold_id from ledger.hold_postings p
        where p.posting = 1 and p.due_at <= moment and p.ledger_id = $1
        order by p.due_at limit max_holds);
    wallets := array(
        select distinct p.source collate "C" from unnest(due) d (id)
        join ledger.hold_postings p on p.hold_id = d.id and p.ledger_id = $1 order by 1);
    if wait then
        perform from unnest(wallets) x (id)
        cross join lateral (
            select from ledger.wallets w where w.ledger_id = $1 and w.id = x.id for update
        ) w;
    else
        busy := zerosum.busy_wallets($1, wallets);
        wallets := array(select x.id from unnest(wallets) x (id) where x.id <> all (busy));
    end if;
    perform zerosum.release_expired($1, moment, wallets);
    for h in
        update ledger.hold_postings h set status = 'expired', settled_at = moment, due_at = null
        where h.ledger_id = $1 and h.hold_id = any (due) and h.status = 'pending' and not exists (
            select from ledger.hold_postings p
            where p.hold_id = h.hold_id and p.ledger_id = $1 and p.source <> all (wallets))
        returning h.*
    loop
        continue when h.posting <> 1;
        settled := settled + 1;
        insert into ledger.outbox (ledger_id, aggregatetype, aggregateid, type, payload, recorded_at)
        select g.ledger_id, 'hold', h.hold_id::text, 'hold.expired', zerosum.hold_json(h), moment
        from ledger.ledgers g where g.ledger_id = $1;
    end loop;
    return settled;
end $$;
