-- Settle holds that have expired, the earliest first, at most max_holds, each with an event
-- hold.expired. The relay calls this. (Expired holds reserve nothing, settled or not.) Without
-- `wait` holds on locked wallets are left for another call. With `wait` the call waits a moment
-- for their wallets; settle one hold a call then, so that one long lock does not hold up the
-- others.
-- Returns how many holds were settled.
-- Locks: ledger.wallets rows by id.
-- Codes: 55P03 with `wait`, when a wallet stayed locked.
create or replace function zerosum.expire_holds(ledger bigint, max_holds int, wait boolean)
returns int
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off
    set lock_timeout = '200ms' as $$
#variable_conflict use_column
declare
    moment timestamptz := clock_timestamp();
    due bigint[];
    wallets text[];
    busy text[];
    one bigint;
    expired text;
    settled int := 0;
begin
    due := array(
        select p.hold_id from ledger.hold_postings p
        where p.posting = 1 and p.due_at <= moment and p.ledger_id = $1
        order by p.due_at limit max_holds);
    wallets := array(
        select distinct p.source collate "C" from unnest(due) d (id)
        cross join lateral (
            select p.source from ledger.hold_postings p where p.ledger_id = $1
                and p.hold_id = d.id offset 0
        ) p order by 1);
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
    -- (One hold at a time: each statement is a probe of one key, whatever the statistics.)
    foreach one in array due loop
        continue when exists (
            select from ledger.hold_postings p
            where p.ledger_id = $1 and p.hold_id = one and p.source <> all (wallets));
        update ledger.hold_postings p set status = 'expired', settled_at = moment, due_at = null
        where p.ledger_id = $1 and p.hold_id = one and p.status = 'pending';
        continue when not found;
        settled := settled + 1;
        expired := (
            select zerosum.hold_json(p) from ledger.hold_postings p
            where p.ledger_id = $1 and p.hold_id = one and p.posting = 1);
        insert into ledger.outbox (ledger_id, ord, aggregatetype, aggregateid, type, payload,
            recorded_at)
        values ($1, nextval('ledger.outbox_ord'), 'hold', one::text, 'hold.expired', expired,
            moment);
    end loop;
    return settled;
end $$;
