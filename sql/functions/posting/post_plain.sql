-- Post a lone transfer, credit or debit that is plainly fine, and return its transaction.
-- Plainly fine: it is well formed, its key is unknown, both wallets exist, are open and of one
-- asset, have no floor debt and no expired hold, and stay within their limits. If it is not
-- plainly fine, return null and write nothing: post() then decides, and says what is wrong. This
-- function has no rules of its own.
-- A batch of one by the general way costs twice as much, most of it the start of statements that
-- unnest arrays. digits: the amount.
-- Locks: as post().
-- Codes: XX000 if a row was not where it should be.
create or replace function zerosum.post_plain(
    l bigint, kind text, key text, source text, destination text, digits text, reference text,
    description text,
    metadata jsonb, effective_at timestamptz
) returns text
language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off
set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_variable
declare
    amount constant numeric := zerosum.amount_of(digits);
    at timestamptz;
    payer record; payee record; swapped record;
    found_rows int;
    id bigint;
    body text;
begin
    key := coalesce(key, zerosum.one_time_key());
    if source = '@world' or destination = '@world' then
        select zerosum.world_wallet(l, source, destination),
            zerosum.world_wallet(l, destination, source)
        into source, destination;
    end if;
    if zerosum.request_fault(kind => kind, key => key, reference => reference,
        description => description,
        metadata => metadata, effective_at => effective_at, conditions => null, options => null,
        size => 1,
        beside => true, numeral => amount is not null, named => source is not null
            and destination is not null,
        loops => source = destination, ids => 0) is not null
    then
        return null;
    end if;
    perform from ledger.transactions t where t.ledger_id = l and t.key = key;
    if found then
        return null;
    end if;

    select w.id::text, w.asset, zerosum.posting_status(w) as status, w.posted, w.version,
        w.recorded_at, w.floor_debt,
        w.next_expiry, zerosum.wallet_floor(w) as floor, zerosum.wallet_ceiling(w) as ceiling
    into payer
    from ledger.wallets w where w.ledger_id = l
        and w.id = least(source, destination collate "C") for update;
    select w.id::text, w.asset, zerosum.posting_status(w) as status, w.posted, w.version,
        w.recorded_at, w.floor_debt,
        w.next_expiry, zerosum.wallet_floor(w) as floor, zerosum.wallet_ceiling(w) as ceiling
    into payee
    from ledger.wallets w where w.ledger_id = l
        and w.id = greatest(source, destination collate "C") for update;
    if payer.id is distinct from source then
        swapped := payer;
        payer := payee;
        payee := swapped;
    end if;
    at := greatest(clock_timestamp(), zerosum.followed_time(payer.recorded_at),
        zerosum.followed_time(payee.recorded_at));
    if (payer.asset = payee.asset and payer.status = 'open'
        and payee.status in ('open', 'frozen_out')
        and payer.floor_debt = 0 and payee.floor_debt = 0
        and coalesce(least(payer.next_expiry, payee.next_expiry) > at, true)
        and payer.posted - amount >= payer.floor and payee.posted + amount <= payee.ceiling) is not
            true
    then
        return null;
    end if;

    id := nextval('ledger.transaction_id');
    insert into ledger.transactions (ledger_id, id, effective_at, recorded_at, kind, key,
        fingerprint, reference,
        description, metadata)
    values (l, id, coalesce(effective_at, at), at, kind, key, zerosum.request_fingerprint(kind, 1,
        zerosum.posting_canon(source, destination, amount), reference, description, metadata,
        effective_at, null, null),
        reference, description, coalesce(metadata, '{}'))
    on conflict do nothing;
    if not found then
        return null;  -- Its key was taken meanwhile, and nothing is written yet.
    end if;
    insert into ledger.entries (ledger_id, wallet_id, version, transaction_id, posting, asset,
        amount, balance,
        recorded_at)
    values (l, source, payer.version + 1, id, 1, payer.asset, -amount, payer.posted - amount, at),
        (l, destination, payee.version + 1, id, 1, payee.asset, amount, payee.posted + amount, at);
    update ledger.wallets w
    set posted = w.posted + case when w.id = source then -amount else amount end,
        version = w.version + 1, recorded_at = at
    where w.ledger_id = l and w.id in (source, destination);
    get diagnostics found_rows = row_count;
    if found_rows <> 2 then
        raise exception 'locked wallets are not where they were' using errcode = 'XX000';
    end if;
    body := zerosum.transaction_json(id, kind,
        zerosum.posting_json(source, destination, amount, payer.asset),
        concat(zerosum.entry_json(source, -amount, payer.posted - amount, payer.version + 1), ',',
            zerosum.entry_json(destination, amount, payee.posted + amount, payee.version + 1)),
        reference, description, coalesce(metadata, '{}'),
        zerosum.time_json(coalesce(effective_at, at)),
        zerosum.time_json(at), key, null);
    insert into ledger.outbox (ledger_id, ord, id, aggregatetype, aggregateid, type, transaction_id,
        recorded_at, payload)
    values (l, nextval('ledger.outbox_ord'), gen_random_uuid(), 'transaction', id::text,
        'transaction.posted', id, at, body);
    return body;
end $$;
