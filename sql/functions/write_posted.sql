-- Write what post() decided to post: one statement a table. Arguments are post()'s arrays; ranks number the posted
-- requests 1..written and are null for the others; worlds names the @world wallets that have no row yet.
-- Returns bodies with those of the posted requests filled in.
-- Entries go in before the wallets' update, or the wallets trigger could not see them; a new @world row goes in before
-- the entries, or a race for it would be 23505 and not 40001.
-- Locks: keys in ledger.transactions by insert, sorted. Codes: 40001 as post().
create or replace function zerosum.write_posted(
    l bigint, at timestamptz, written int,
    kinds text[], keys text[], prints bytea[], refs text[], descriptions text[], metadatas jsonb[],
    effective_ats timestamptz[], ranks int[], firsts int[], bodies text[],
    posting_of int[], sources text[], destinations text[], moved numeric[], from_slots int[],
    from_balances numeric[], from_versions bigint[], to_balances numeric[], to_versions bigint[],
    places tid[], befores bigint[], wallets text[], assets text[], balances numeric[], versions bigint[], worlds text[],
    helds_before numeric[], helds numeric[], debts numeric[], expiries timestamptz[], numbers smallint[],
    options jsonb[], extras text[], part_ids bigint[], part_numbers smallint[], part_stati text[],
    part_amounts numeric[], part_captured numeric[], part_lefts numeric[], part_places tid[],
    lefts_before numeric[], stati_before text[]
) returns text[]
language plpgsql
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off
set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    at_json constant text := zerosum.time_json(at);
    -- Event ids: one random uuid a batch, its last 32 bits counted up. Drawing each would cost 3 us an event.
    seed constant text := left(gen_random_uuid()::text, 28);
    ids bigint[]; ords bigint[]; events uuid[]; found_rows bigint;
begin
    select array_agg(nextval('ledger.transaction_id')), array_agg(nextval('ledger.outbox_ord')),
        array_agg((seed || lpad(to_hex(i), 8, '0'))::uuid)
    into ids, ords, events
    from generate_series(1, written) i;
    insert into ledger.transactions (ledger_id, id, effective_at, recorded_at, kind, key, fingerprint,
        reference, description, metadata, origin_id, extra)
    select g.ledger_id, u.*
    from ledger.ledgers g, (
        select ids[r.rank], coalesce(r.effective, at), at, r.kind, r.key, r.print, r.ref, r.description,
            coalesce(r.metadata, '{}'), coalesce(r.given -> 'hold', r.given -> 'transaction')::bigint, r.extra
        from unnest(kinds, keys, prints, ranks, refs, descriptions, metadatas, effective_ats, options, extras)
            r (kind, key, print, rank, ref, description, metadata, effective, given, extra)
        where r.rank is not null
        order by r.key
    ) u
    where g.ledger_id = l
    on conflict (key, ledger_id) do nothing;
    get diagnostics found_rows = row_count;
    if found_rows <> written then
        raise exception 'an idempotency key was taken meanwhile: run the batch again' using errcode = '40001';
    end if;

    if worlds is not null then
        worlds := array(select u.id from unnest(wallets, versions) u (id, version)
            where u.id = any (worlds) and u.version > 0 order by u.id);
        insert into ledger.wallets (ledger_id, id, asset, min_balance)
        select g.ledger_id, u.id, substr(u.id, 8), null
        from ledger.ledgers g, unnest(worlds) u (id)
        where g.ledger_id = l
        on conflict do nothing;
        get diagnostics found_rows = row_count;
        if found_rows <> cardinality(worlds) then
            raise exception 'a @world wallet was made meanwhile: run the batch again' using errcode = '40001';
        end if;
    end if;

    insert into ledger.entries (ledger_id, wallet_id, version, transaction_id, posting, asset, amount,
        balance, recorded_at)
    select g.ledger_id, u.*
    from ledger.ledgers g, (
        select v.wallet, v.version, ids[ranks[x.request]], x.number, assets[x.slot],
            v.amount, v.balance, at
        from unnest(posting_of, sources, destinations, moved, from_slots, from_balances, from_versions,
            to_balances, to_versions, numbers) x (request, source, destination, amount, slot,
            from_balance, from_version, to_balance, to_version, number)
        cross join lateral (values (x.source, x.from_version, -x.amount, x.from_balance),
            (x.destination, x.to_version, x.amount, x.to_balance)) v (wallet, version, amount, balance)
        where x.number is not null
    ) u
    where g.ledger_id = l;

    perform zerosum.write_wallets(l, at, places, befores, wallets, balances, versions, worlds,
        helds_before, helds, debts, expiries);
    if 'hold' = any (kinds) then
        perform zerosum.write_holds(l, kinds, options, ids, ranks, posting_of, firsts, sources, destinations, moved,
            from_slots, assets);
    end if;
    if part_ids is not null then
        perform zerosum.write_parts(l, at, kinds, part_ids, part_numbers, part_stati, part_amounts, part_captured,
            part_lefts, part_places, lefts_before, stati_before);
    end if;

    select array_agg(q.body) into bodies
    from (
        select case when r.rank is null then r.body else zerosum.transaction_json(
            ids[r.rank], r.kind, e.postings, e.entries, r.ref, r.description,
            coalesce(r.metadata, '{}'), coalesce(zerosum.time_json(r.effective), at_json), at_json,
            r.key, r.extra) end as body
        from unnest(kinds, keys, ranks, bodies, refs, descriptions, metadatas, effective_ats, extras)
            with ordinality r (kind, key, rank, body, ref, description, metadata, effective, extra, i)
        left join (
            select x.request,
                string_agg(zerosum.posting_json(x.source, x.destination, x.amount, assets[x.slot]), ','
                    order by x.p) as postings,
                string_agg(case when x.number is not null then
                    zerosum.entry_json(x.source, -x.amount, x.from_balance, x.from_version)
                    || ',' || zerosum.entry_json(x.destination, x.amount, x.to_balance, x.to_version) end,
                    ',' order by x.p) as entries
            from unnest(posting_of, sources, destinations, moved, from_slots, from_balances, from_versions,
                to_balances, to_versions, numbers) with ordinality x (request, source, destination, amount, slot,
                from_balance, from_version, to_balance, to_version, number, p)
            where ranks[x.request] is not null and (x.number is not null or kinds[x.request] = 'hold')
            group by x.request
        ) e on e.request = r.i
        order by r.i
    ) q;

    insert into ledger.outbox (ledger_id, ord, id, aggregatetype, aggregateid, type, transaction_id, recorded_at,
        payload)
    select g.ledger_id, u.*
    from ledger.ledgers g, (
        select ords[r.rank], events[r.rank], 'transaction', ids[r.rank]::text,
            case r.kind when 'hold' then 'hold.placed' when 'void' then 'hold.voided' else 'transaction.posted' end,
            ids[r.rank], at, r.body
        from unnest(ranks, bodies, kinds) r (rank, body, kind)
        where r.rank is not null
    ) u
    where g.ledger_id = l;
    return bodies;
end $$;
