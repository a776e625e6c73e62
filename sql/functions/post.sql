-- Decide and write a batch of requests of one ledger, each with its own outcome, in order, later ones seeing earlier
-- ones. Arguments are parallel arrays: one element a request (kinds, keys, refs, …; from refs on they may be shorter
-- and mean null; a null key gets a private one-time key), one element a posting (posting_of: the number of its request,
-- ascending; amounts as digits). ifs: conditions as conditions_valid() has them. options: what only some kinds have, see
-- options_fault(). units numbers atomic batches: of requests beside each other with one number, all post or none;
-- a number is used once a call.
-- Returns a row a request, in order: outcome posted | replayed (body: the transaction) | refused (body: code and
-- facts) | undone (another of its unit was refused) | busy (body: a wallet that somebody else has locked; only with
-- skip_locked, which waits for none). Only what posted is written.
-- Locks, in order: ledger.wallets rows by id (for update); keys in ledger.transactions by insert, sorted.
-- Codes: 22023 malformed arrays; 40001 a key or a @world wallet was taken meanwhile: run the batch again.
create or replace function zerosum.post(
    ledger bigint, kinds text[], keys text[],
    posting_of int[], sources text[], destinations text[], amounts text[],
    refs text[] default '{}', descriptions text[] default '{}',
    metadatas jsonb[] default '{}', effective_ats timestamptz[] default '{}', skip_locked boolean default false,
    ifs jsonb[] default '{}', options jsonb[] default '{}', units int[] default '{}'
) returns table (outcome text, body text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off
set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    n constant int := cardinality(kinds);
    m constant int := cardinality(posting_of);
    -- a request each
    firsts int[]; lasts int[]; codes text[]; prints bytea[]; twins int[]; priors bigint[];
    outcomes text[] := array_fill(null::text, array[n]);
    bodies text[] := array_fill(null::text, array[n]);
    -- a posting each
    moved numeric[]; from_slots int[]; to_slots int[]; flaws text[];
    -- a locked wallet each
    busy text[]; busy_keys text[] := '{}'; watched text[] := '{}'; next_expiry timestamptz;
    places tid[]; befores bigint[]; wallets text[]; assets text[]; stati text[]; balances numeric[]; versions bigint[];
    helds numeric[]; lows numeric[]; highs numeric[]; debts numeric[]; expiries timestamptz[]; worlds text[];
    -- a posting each: what it is about if a capture, void or reversal has it, and how far that is, at its slot
    origins bigint[]; origin_postings smallint[]; part_slots int[]; part_stati text[];
    part_amounts numeric[]; part_captured numeric[]; part_lefts numeric[]; part_places tid[];
    at timestamptz; checked bool := false; known record; decided record;
    i int; j int; faults bigint;
    known_ids bigint[]; known_keys text[]; known_prints bytea[];
begin
    if n is null or m is null or cardinality(keys) <> n or cardinality(sources) <> m
        or cardinality(destinations) <> m or cardinality(amounts) <> m
    then
        raise exception 'kinds and keys, and the posting arrays, must be of one length each'
            using errcode = '22023';
    end if;
    if n = 0 then
        return;
    end if;

    if array_position(keys, null) is not null then
        keys := array(select coalesce(k.key, chr(127) || gen_random_uuid())
            from unnest(keys) with ordinality k (key, i) order by k.i);
    end if;
    -- A bare @world is the one of the other side's asset, which never changes: a plain read.
    if '@world' = any (sources) or '@world' = any (destinations) then
        select array_agg(zerosum.world_wallet(l, u.s, u.d) order by u.p),
            array_agg(zerosum.world_wallet(l, u.d, u.s) order by u.p)
        into sources, destinations
        from unnest(sources, destinations) with ordinality u (s, d, p);
    end if;

    select array_agg(q.first), array_agg(q.last), array_agg(q.code), array_agg(q.print), array_agg(q.twin),
        count(q.code)
    into firsts, lasts, codes, prints, twins, faults
    from (
        select * from zerosum.check_requests(kinds, keys, posting_of, sources, destinations, amounts,
            refs, descriptions, metadatas, effective_ats, ifs, options) order by i
    ) q;
    if cardinality(units) > 0 then
        -- Of an atomic batch each request's fingerprint says the whole list, so that no part of it is a repeat.
        prints := array(
            select case when u.unit is null then u.print
                else sha256(u.print || sha256(string_agg(u.print, '') over (partition by u.unit order by u.i
                    rows between unbounded preceding and unbounded following))) end
            from unnest(prints, units) with ordinality u (print, unit, i) order by u.i);
    end if;
    if faults = 0 then
        moved := amounts;
    else
        moved := array(select case when u.a ~ '^[1-9][0-9]{0,37}$' then u.a::numeric end
            from unnest(amounts) with ordinality u (a, p) order by u.p);
        for i in 1..n loop
            if codes[i] is not null then
                outcomes[i] := 'refused';
                bodies[i] := json_build_object('code', codes[i]);
                for p in firsts[i]..lasts[i] loop
                    sources[p] := null;
                    destinations[p] := null;
                end loop;
            end if;
        end loop;
    end if;

    -- Known keys: before the locks by a plain read, and after them again in a new statement, because a lock wait does
    -- not refresh a statement's snapshot. What is settled here needs no wallets.
    -- (The lateral forms leave the planner no way but a probe of the key for each row: a plan made while the tables
    -- were small or never analysed would read the whole ledger for each batch.)
    loop
        select array_agg(t.id), array_agg(t.key), array_agg(t.fingerprint) into known_ids, known_keys, known_prints
        from unnest(keys) k (key)
        cross join lateral (
            select t.id, t.key, t.fingerprint from ledger.transactions t
            where t.ledger_id = l and t.key = k.key limit 1
        ) t;
        for k in 1..coalesce(cardinality(known_keys), 0) loop
            foreach i in array array_positions(keys, known_keys[k]) loop
                continue when outcomes[i] is not null;
                if prints[i] = known_prints[k] then
                    outcomes[i] := 'replayed';
                    priors := coalesce(priors, array_fill(null::bigint, array[n]));
                    priors[i] := known_ids[k];
                else
                    outcomes[i] := 'refused';
                    bodies[i] := json_build_object('code', 'idempotency_key_reused');
                end if;
                for p in firsts[i]..lasts[i] loop
                    sources[p] := null;
                    destinations[p] := null;
                end loop;
            end loop;
        end loop;
        exit when checked;

        if kinds && array['capture', 'void', 'reversal'] then
            -- (By assignment, as below: SELECT … FROM it would store all of it in passing.)
            known := zerosum.derive_postings(l, kinds, options, metadatas, outcomes, bodies, firsts, lasts, posting_of,
                sources, destinations, moved);
            outcomes := known.outcomes;
            bodies := known.bodies;
            firsts := known.firsts;
            lasts := known.lasts;
            posting_of := known.posting_of;
            sources := known.sources;
            destinations := known.destinations;
            moved := known.moved;
            origins := known.origins;
            origin_postings := known.origin_postings;
        end if;
        if cardinality(ifs) > 0 then
            watched := array(select c.one ->> 'wallet'
                from unnest(ifs) with ordinality u (conditions, i)
                cross join lateral jsonb_array_elements(
                    case when outcomes[u.i] is null then u.conditions else '[]' end) c (one));
        end if;
        if skip_locked then
            busy := zerosum.busy_wallets(l, sources || destinations || watched);
            watched := array(select x.id from unnest(watched) x (id) where x.id <> all (busy));
            for i in 1..n loop
                continue when outcomes[i] is not null;
                for p in firsts[i]..lasts[i] loop
                    if sources[p] = any (busy) or destinations[p] = any (busy) then
                        outcomes[i] := 'busy';
                        bodies[i] := case when sources[p] = any (busy) then sources[p] else destinations[p] end;
                        exit;
                    end if;
                end loop;
                if outcomes[i] is null and (keys[i] = any (busy_keys) or ifs[i] is not null and exists (
                    select from jsonb_array_elements(ifs[i]) c (one) where c.one ->> 'wallet' = any (busy)))
                then
                    outcomes[i] := 'busy';
                end if;
                if outcomes[i] = 'busy' then
                    busy_keys := busy_keys || keys[i];
                    for p in firsts[i]..lasts[i] loop
                        sources[p] := null;
                        destinations[p] := null;
                    end loop;
                end if;
            end loop;
        end if;
        loop
            with locked as materialized (
                select w.ctid as place, w.id::text as id, w.asset, w.posted, w.version,
                    w.status || case when w.credits_while_frozen then '_out' else '' end as status,
                    w.held, w.recorded_at, w.floor_debt as debt, w.next_expiry,
                    w.min_balance - w.floor_debt as low, w.max_balance as high, starts_with(w.id, '@world:') as world
                from (
                    select distinct v.id collate "C" as id
                    from unnest(sources || destinations || watched) v (id) order by 1
                ) x
                cross join lateral (
                    select w.ctid, w.* from ledger.wallets w where w.ledger_id = l and w.id = x.id for update
                ) w
            )
            select array_agg(k.place), array_agg(k.id), array_agg(k.asset), array_agg(k.status), array_agg(k.posted),
                array_agg(k.version), array_agg(k.held), array_agg(k.debt), min(k.next_expiry),
                array_agg(case when k.world then '-Infinity' else coalesce(k.low, 1 - 1e38) + k.held end),
                array_agg(case when k.world then 'Infinity' else coalesce(k.high, 1e38 - 1) end),
                -- (A time far ahead is from before the clock went back: it would expire holds, and spread.)
                greatest(clock_timestamp(), max(k.recorded_at)
                    filter (where k.recorded_at <= clock_timestamp() + interval '1 minute'))
            into places, wallets, assets, stati, balances, versions, helds, debts, next_expiry, lows, highs, at
            from locked k;
            exit when next_expiry is null or next_expiry > at;
            -- What has expired on the locked wallets reserves nothing; after the release the rows are elsewhere.
            perform zerosum.release_expired(l, at, wallets);
        end loop;
        befores := versions;
        checked := true;
    end loop;

    -- @world wallets that are not there yet start in memory at zero, and are made only if something is posted.
    if strpos(array_to_string(sources || destinations, ' '), '@world:') > 0 then
        select array_agg(x.id order by x.id) into worlds
        from (select unnest(sources) union select unnest(destinations)) x (id)
        join ledger.assets k on k.ledger_id = l and k.code = substr(x.id, 8)
        where starts_with(x.id, '@world:') and x.id <> all (coalesce(wallets, '{}'));
    end if;
    if worlds is not null then
        j := cardinality(worlds);
        wallets := wallets || worlds;
        assets := assets || array(select substr(w.id, 8) from unnest(worlds) with ordinality w (id, i) order by w.i);
        stati := stati || array_fill('open'::text, array[j]);
        balances := balances || array_fill(0::numeric, array[j]);
        versions := versions || array_fill(0::bigint, array[j]);
        helds := helds || array_fill(0::numeric, array[j]);
        debts := debts || array_fill(0::numeric, array[j]);
        lows := lows || array_fill('-Infinity'::numeric, array[j]);
        highs := highs || array_fill('Infinity'::numeric, array[j]);
    end if;

    select array_agg(q.from_slot), array_agg(q.to_slot), array_agg(q.flaw)
    into from_slots, to_slots, flaws
    from (select * from zerosum.posting_slots(sources, destinations, wallets, assets, stati) order by p) q;

    if origins is not null then
        known := zerosum.read_parts(l, at, origins, origin_postings, kinds && array['capture', 'void'],
            'reversal' = any (kinds));
        part_slots := known.slots;
        part_stati := known.stati;
        part_amounts := known.amounts;
        part_captured := known.captured;
        part_lefts := known.lefts;
        part_places := known.places;
    end if;

    decided := zerosum.decide(l, at, kinds, prints, units, ifs, options, firsts, lasts, flaws, from_slots, to_slots,
        part_slots, wallets, assets, highs, origins, origin_postings, part_amounts, outcomes, bodies, twins, moved, balances,
        versions, helds, lows, debts, part_lefts, part_captured, part_stati);
    bodies := decided.bodies;
    if decided.expiring then
        expiries := array(
            select min((options[x.request] ->> 'expires_at')::timestamptz)
            from generate_series(1, cardinality(wallets)) w (slot)
            left join unnest(posting_of, from_slots) x (request, slot)
                on x.slot = w.slot and kinds[x.request] = 'hold' and decided.ranks[x.request] is not null
            group by w.slot order by w.slot);
    end if;
    if decided.written > 0 then
        bodies := zerosum.write_posted(l, at, decided.written, kinds, keys, prints, refs, descriptions, metadatas,
            effective_ats, decided.ranks, firsts, bodies, posting_of, sources, destinations, decided.moved, from_slots,
            decided.from_balances, decided.from_versions, decided.to_balances, decided.to_versions, places, befores,
            wallets, assets, decided.balances, decided.versions, worlds, helds, decided.helds, decided.debts,
            expiries, decided.numbers, options, decided.extras, origins, origin_postings, decided.part_stati,
            part_amounts, decided.part_captured, decided.part_lefts, part_places, part_lefts, part_stati);
    end if;
    if priors is not null then
        for known in select * from zerosum.answer(l, array_remove(priors, null)) loop
            foreach i in array array_positions(priors, known.id) loop
                bodies[i] := known.body;
            end loop;
        end loop;
    end if;
    return query
        select r.outcome, case when r.outcome <> 'undone' then coalesce(r.body, bodies[r.twin]) end
        from unnest(decided.outcomes, bodies, decided.twins) with ordinality r (outcome, body, twin, i)
        order by r.i;
end $$;
