-- Decide and write a batch of requests of one ledger. Each request has its own outcome; later
-- requests see what earlier ones did.
-- The arguments are parallel arrays. One element a request: kinds, keys, refs and so on. From
-- refs on an array may be shorter; what is missing is null. A null key becomes a private
-- one-time key. One element a posting: posting_of (the number of its request, ascending),
-- sources, destinations, amounts (digits). ifs: conditions, as conditions_valid() defines them.
-- options: what only some kinds have, as options_fault() defines them. units: numbers of atomic
-- batches; adjacent requests with the same number post together or not at all, and a number is
-- used once a call.
-- Returns one row a request, in order, with its outcome:
-- - posted or replayed: body is the transaction.
-- - refused: body has the code and its facts.
-- - undone: another request of its unit was refused.
-- - busy: body is a wallet that somebody else has locked. Only with skip_locked, which waits for
--   no lock.
-- Only what posted is written. A request is settled as soon as it has an outcome; each stage
-- looks only at unsettled requests.
-- Locks, in order: ledger.wallets rows by id (for update); keys in ledger.transactions by
-- insert, sorted.
-- Codes: 22023 malformed arrays; 40001 a key was taken meanwhile: run the batch again.
create or replace function zerosum.post(
    ledger bigint, kinds text[], keys text[],
    posting_of int[], sources text[], destinations text[], amounts text[],
    refs text[] default '{}', descriptions text[] default '{}',
    metadatas jsonb[] default '{}', effective_ats timestamptz[] default '{}',
    skip_locked boolean default false,
    ifs jsonb[] default '{}', options jsonb[] default '{}', units int[] default '{}'
) returns table (outcome text, body text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off
set plan_cache_mode = force_generic_plan as $$
declare
    l constant bigint := ledger;
    n constant int := cardinality(kinds);
    m constant int := cardinality(posting_of);
    requests ledger.request[];
    postings ledger.posting[] := '{}';
    -- One element a request: the numbers of its first and last posting, what check_requests()
    -- returned, the earlier request with its key, and its outcome.
    firsts int[]; lasts int[]; faults text[]; fingerprints bytea[]; repeat_of int[];
    outcomes text[] := array_fill(null::text, array[n]);
    bodies text[] := array_fill(null::text, array[n]);
    single boolean := m = n;  -- Has each request one posting, at its own number?
    fault_count int;
    derives boolean := false;
    owner int;
    known ledger.known_key[];
    watched text[] := '{}';
    derived record; settled record; locking record; decided record;
    parts ledger.parts;
begin
    -- 1. Read the arguments.
    if n is null or m is null or cardinality(keys) <> n or cardinality(sources) <> m
        or cardinality(destinations) <> m or cardinality(amounts) <> m
            or array_position(posting_of, null) is not null
    then
        raise exception 'kinds and keys, and the posting arrays, must be of one length each'
            using errcode = '22023';
    end if;
    if n = 0 then
        return;
    end if;
    -- (A lone plain request takes the short way, if it is plainly fine.)
    if n = 1 and m = 1 and not skip_locked and kinds[1] in ('transfer', 'credit', 'debit')
        and ifs[1] is null
        and options[1] is null and units[1] is null and posting_of[1] = 1
    then
        body := zerosum.post_plain(l, kinds[1], keys[1], sources[1], destinations[1], amounts[1],
            refs[1],
            descriptions[1], metadatas[1], effective_ats[1]);
        if body is not null then
            outcome := 'posted';
            return next;
            return;
        end if;
    end if;
    for i in 1..n loop
        requests[i] := row(i, kinds[i], coalesce(keys[i], zerosum.one_time_key()), refs[i],
            descriptions[i],
            metadatas[i], effective_ats[i], ifs[i], options[i], units[i])::ledger.request;
        firsts[i] := 1;
        lasts[i] := 0;
    end loop;
    for p in 1..m loop
        owner := posting_of[p];
        postings[p] := row(p, owner, sources[p], destinations[p],
            zerosum.amount_of(amounts[p]), null, null)::ledger.posting;
        if lasts[owner] = 0 then
            firsts[owner] := p;
        end if;
        lasts[owner] := p;
        single := single and owner = p;
    end loop;
    if '@world' = any (sources) or '@world' = any (destinations) then
        postings := zerosum.name_worlds(l, postings);
    end if;

    -- 2. Refuse what is malformed.
    if single then
        select array_agg(c.fault), array_agg(c.fingerprint), count(c.fault) into faults,
            fingerprints, fault_count
        from zerosum.check_single_requests(requests, postings) c;
    else
        select array_agg(c.fault), array_agg(c.fingerprint), count(c.fault) into faults,
            fingerprints, fault_count
        from (select * from zerosum.check_requests(requests, postings) order by number) c;
    end if;
    if cardinality(units) > 0 then
        fingerprints := zerosum.unit_fingerprints(requests, fingerprints);
    end if;
    if fault_count > 0 then
        for i in 1..n loop
            if faults[i] is not null then
                outcomes[i] := 'refused';
                bodies[i] := json_build_object('code', faults[i]);
            end if;
        end loop;
    end if;

    -- 3. Settle the requests whose key is known: they need no wallets.
    known := zerosum.known_keys(l, requests);
    if known is not null then
        settled := zerosum.settle_known(known, fingerprints, outcomes, bodies);
        outcomes := settled.outcomes;
        bodies := settled.bodies;
    end if;

    -- 4. Give captures, voids and reversals their postings.
    if kinds && array['capture', 'void', 'reversal'] then
        derived := zerosum.derive_postings(l, kinds, requests, outcomes, bodies, firsts, lasts,
            postings);
        outcomes := derived.outcomes;
        bodies := derived.bodies;
        firsts := derived.firsts;
        lasts := derived.lasts;
        postings := derived.postings;
        derives := derived.derives;
    end if;

    -- 5. Lock the wallets, and those that conditions name.
    if cardinality(ifs) > 0 then
        watched := array(
            select c.one ->> 'wallet'
            from unnest(requests) r
            cross join lateral jsonb_array_elements(
                case when outcomes[r.number] is null then r.conditions else '[]' end) c (one));
    end if;
    if skip_locked then
        settled := zerosum.settle_busy(l, requests, postings, firsts, lasts, watched, outcomes,
            bodies);
        outcomes := settled.outcomes;
        bodies := settled.bodies;
        watched := settled.watched;
    end if;
    locking := zerosum.lock_wallets(l, postings, outcomes, watched);

    -- 6. Look for the keys again, in a new statement: waiting for a lock does not refresh a
    -- statement's snapshot.
    known := zerosum.known_keys(l, requests);
    if known is not null then
        settled := zerosum.settle_known(known, fingerprints, outcomes, bodies);
        outcomes := settled.outcomes;
        bodies := settled.bodies;
    end if;

    -- 7. Decide, in memory.
    if n > 1 then
        repeat_of := zerosum.find_repeats(requests);
    end if;
    if derives then
        parts := zerosum.read_parts(l, locking.at, kinds, postings);
    end if;
    decided := zerosum.decide(l => l, at => locking.at, requests => requests, postings => postings,
        firsts => firsts,
        lasts => lasts, fingerprints => fingerprints, outcomes => outcomes, bodies => bodies,
        repeat_of => repeat_of,
        locked => locking.locked, parts => parts);
    outcomes := decided.outcomes;
    bodies := decided.bodies;
    repeat_of := decided.repeat_of;

    -- 8. Write what posts.
    if 'posted' = any (outcomes) then
        bodies := zerosum.write_posted(l => l, at => locking.at, requests => requests,
            fingerprints => fingerprints,
            outcomes => outcomes, bodies => bodies, moves => decided.moves,
            extras => decided.extras,
            before => locking.locked, after => decided.locked, parts_before => parts,
            parts_after => decided.parts);
    end if;

    -- 9. Answer.
    if known is not null then
        bodies := zerosum.answer_known(l, known, outcomes, bodies);
    end if;
    for i in 1..n loop
        outcome := outcomes[i];
        body := case when outcome <> 'undone' then coalesce(bodies[i], bodies[repeat_of[i]]) end;
        return next;
    end loop;
end $$;
