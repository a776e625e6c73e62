-- Write what post() decided to post, with one statement a table, and return the bodies with
-- those of the posted requests filled in. before and after: the locked wallets and the parts, as
-- they were and as decide() leaves them. moves: the postings of what posted, in order.
-- Locks: keys in ledger.transactions by insert, sorted.
-- Codes: 40001 as post().
create or replace function zerosum.write_posted(
    l bigint, at timestamptz, requests ledger.request[], fingerprints bytea[], outcomes text[],
    bodies text[],
    moves ledger.move[], extras text[], before ledger.locked_wallets, after ledger.locked_wallets,
    parts_before ledger.parts, parts_after ledger.parts
) returns text[]
language plpgsql as $$
#variable_conflict use_column
declare
    at_json constant text := zerosum.time_json(at);
    -- Event ids: one random uuid a batch, its last 32 bits counted up. Drawing each would cost 3
    -- us an event.
    seed constant text := left(gen_random_uuid()::text, 28);
    ids bigint[];  -- The transaction's id of each request that posts.
    events ledger.event_draft[];
    request ledger.request;
    move ledger.move;
    next_move int := 1;
    postings text; entries text;
    written int := 0;
    found_rows bigint;
    holds boolean := false;
begin
    for i in 1..cardinality(requests) loop
        continue when outcomes[i] <> 'posted';
        request := requests[i];
        written := written + 1;
        ids[i] := nextval('ledger.transaction_id');
        holds := holds or request.kind = 'hold';
        postings := null;
        entries := null;
        move := moves[next_move];
        while move.request = i loop
            postings := concat(postings || ',',
                zerosum.posting_json(move.source, move.destination, move.amount, move.asset));
            if move.from_version is not null then
                entries := concat(entries || ',',
                    zerosum.entry_json(move.source, -move.amount, move.from_balance,
                        move.from_version), ',',
                    zerosum.entry_json(move.destination, move.amount, move.to_balance,
                        move.to_version));
            end if;
            next_move := next_move + 1;
            move := moves[next_move];
        end loop;
        bodies[i] := zerosum.transaction_json(ids[i], request.kind, postings, entries,
            request.reference,
            request.description, coalesce(request.metadata, '{}'),
            coalesce(zerosum.time_json(request.effective_at), at_json), at_json, request.key,
            extras[i]);
        events[written] := row(ids[i], nextval('ledger.outbox_ord'),
            (seed || lpad(to_hex(written), 8, '0'))::uuid,
            case request.kind when 'hold' then 'hold.placed' when 'void' then 'hold.voided'
                else 'transaction.posted' end,
            bodies[i])::ledger.event_draft;
    end loop;

    insert into ledger.transactions (ledger_id, id, effective_at, recorded_at, kind, key,
        fingerprint,
        reference, description, metadata, origin_id, extra)
    select g.ledger_id, u.*
    from ledger.ledgers g, (
        select ids[r.number], coalesce(r.effective_at, at), at, r.kind, r.key,
            fingerprints[r.number], r.reference,
            r.description, coalesce(r.metadata, '{}'),
            coalesce(r.options -> 'hold', r.options -> 'transaction')::bigint, extras[r.number]
        from unnest(requests) r
        where ids[r.number] is not null
        order by r.key
    ) u
    where g.ledger_id = l
    on conflict (key, ledger_id) do nothing;
    get diagnostics found_rows = row_count;
    if found_rows <> written then
        raise exception 'an idempotency key was taken meanwhile: run the batch again'
            using errcode = '40001';
    end if;

    -- Entries come before the wallets' update, whose trigger wallets_account reads them.
    insert into ledger.entries (ledger_id, wallet_id, version, transaction_id, posting, asset,
        amount,
        balance, recorded_at)
    select g.ledger_id, u.*
    from ledger.ledgers g, (
        select v.wallet, v.version, ids[m.request], m.posting, m.asset, v.amount, v.balance, at
        from unnest(moves) m
        cross join lateral (values (m.source, m.from_version, -m.amount, m.from_balance),
            (m.destination, m.to_version, m.amount, m.to_balance)) v (wallet, version, amount,
            balance)
        where m.from_version is not null
    ) u
    where g.ledger_id = l;

    perform zerosum.write_wallets(l, at, before, after, case when holds
        then zerosum.hold_expiries(requests, moves, before.slots) end);
    if holds then
        perform zerosum.write_holds(l, requests, moves, ids);
    end if;
    if not parts_before is null then
        perform zerosum.write_parts(l, at, parts_before, parts_after);
    end if;

    insert into ledger.outbox (ledger_id, ord, id, aggregatetype, aggregateid, type, transaction_id,
        recorded_at,
        payload)
    select g.ledger_id, u.*
    from ledger.ledgers g, (
        select e.ord, e.id, 'transaction', e.transaction_id::text, e.type, e.transaction_id, at,
            e.payload
        from unnest(events) e
    ) u
    where g.ledger_id = l;
    return bodies;
end $$;
