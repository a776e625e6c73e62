-- Lock the wallets of a batch's unsettled postings, and those in `watched`, and return what they
-- are. at: the time of the batch, no earlier than the last change of any of them. When this
-- returns, expired holds on these wallets reserve nothing.
-- Locks: ledger.wallets rows by id (for update).
-- Codes: none.
create or replace function zerosum.lock_wallets(
    l bigint, postings ledger.posting[], outcomes text[], watched text[],
    out locked ledger.locked_wallets, out at timestamptz
) language plpgsql as $$
declare
    next_expiry timestamptz;
begin
    if watched <> '{}' then
        postings := postings || array(
            select row(null, null, w.id, null, null, null, null)::ledger.posting
                from unnest(watched) w (id));
    end if;
    loop
        select jsonb_object_agg(k.id, k.slot), array_agg(k.id), array_agg(k.place),
            array_agg(k.asset),
            array_agg(k.status), array_agg(k.posted), array_agg(k.version), array_agg(k.held),
            array_agg(k.floor),
            array_agg(k.ceiling), array_agg(k.floor_debt), min(k.next_expiry),
            greatest(clock_timestamp(), max(zerosum.followed_time(k.recorded_at)))
        into locked.slots, locked.ids, locked.places, locked.assets, locked.statuses,
        locked.balances,
            locked.versions, locked.held, locked.floors, locked.ceilings, locked.debts, next_expiry,
            at
        from (
            select row_number() over () as slot, w.*
            from (
                select distinct v.id collate "C" as id
                from unnest(postings) p
                cross join lateral (values (p.source), (p.destination)) v (id)
                where outcomes[p.request] is null
                order by 1
            ) x
            cross join lateral (
                select w.ctid as place, w.id::text as id, w.asset, w.posted, w.version,
                    zerosum.posting_status(w) as status, w.held, w.recorded_at, w.floor_debt,
                    w.next_expiry, zerosum.wallet_floor(w) as floor,
                    zerosum.wallet_ceiling(w) as ceiling
                from ledger.wallets w where w.ledger_id = l and w.id = x.id for update
            ) w
        ) k;
        exit when next_expiry is null or next_expiry > at;
        -- Release expired holds on the locked wallets. That moves their rows to new places.
        perform zerosum.release_expired(l, at, locked.ids);
    end loop;
end $$;
