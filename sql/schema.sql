CREATE SCHEMA ledger;

CREATE SCHEMA zerosum;

CREATE DOMAIN ledger.amount AS numeric
	CONSTRAINT amount_whole CHECK (((scale(VALUE) = 0) AND (VALUE > (0)::numeric) AND (VALUE < '100000000000000000000000000000000000000'::numeric)));

CREATE TYPE ledger.changed_part AS (
	place tid,
	captured numeric,
	remaining numeric,
	status text
);

CREATE TYPE ledger.changed_wallet AS (
	place tid,
	balance numeric,
	version bigint,
	held numeric,
	debt numeric,
	expiry timestamp with time zone,
	moved boolean
);

CREATE TYPE ledger.event_draft AS (
	transaction_id bigint,
	ord bigint,
	id uuid,
	type text,
	payload text
);

CREATE DOMAIN ledger.hold_status AS text
	CONSTRAINT hold_status_known CHECK ((VALUE = ANY (ARRAY['pending'::text, 'captured'::text, 'voided'::text, 'expired'::text])));

CREATE TYPE ledger.known_key AS (
	request integer,
	transaction_id bigint,
	fingerprint bytea
);

CREATE TYPE ledger.locked_wallets AS (
	slots jsonb,
	ids text[],
	places tid[],
	assets text[],
	statuses text[],
	balances numeric[],
	versions bigint[],
	held numeric[],
	floors numeric[],
	ceilings numeric[],
	debts numeric[]
);

CREATE TYPE ledger.move AS (
	request integer,
	posting smallint,
	source text,
	destination text,
	asset text,
	amount numeric,
	from_balance numeric,
	from_version bigint,
	to_balance numeric,
	to_version bigint
);

CREATE TYPE ledger.parts AS (
	slots integer[],
	origins bigint[],
	postings smallint[],
	statuses text[],
	amounts numeric[],
	captured numeric[],
	remaining numeric[],
	places tid[]
);

CREATE TYPE ledger.posting AS (
	number integer,
	request integer,
	source text,
	destination text,
	amount numeric,
	origin bigint,
	origin_posting smallint
);

CREATE DOMAIN ledger.quantity AS numeric
	CONSTRAINT quantity_whole CHECK (((scale(VALUE) = 0) AND (VALUE >= (0)::numeric)));

CREATE TYPE ledger.request AS (
	number integer,
	kind text,
	key text,
	reference text,
	description text,
	metadata jsonb,
	effective_at timestamp with time zone,
	conditions jsonb,
	options jsonb,
	unit integer
);

CREATE DOMAIN ledger.wallet_id AS text COLLATE pg_catalog."C"
	CONSTRAINT wallet_id_form CHECK ((((length(VALUE) >= 1) AND (length(VALUE) <= 128)) AND (VALUE !~ '[^A-Za-z0-9_.:@-]'::text)));

CREATE DOMAIN ledger.wallet_status AS text
	CONSTRAINT wallet_status_known CHECK ((VALUE = ANY (ARRAY['open'::text, 'frozen'::text, 'closed'::text])));

CREATE FUNCTION ledger.bundles_purged() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
begin
    if exists (
        select from old_bundles o
        left join lateral (
            select * from ledger.purged_bundles p
            where p.ledger_id = o.ledger_id and p.number = o.number limit 1
        ) p on true
        left join lateral (
            select t.hashes from ledger.tiles t
            where t.ledger_id = o.ledger_id and t.level = 0 and t.number = o.number limit 1
        ) t on true
        where (p.transaction_ids, p.ids, p.types)
                is distinct from (o.transaction_ids, o.ids, o.types)
            or t.hashes is distinct from (
                select string_agg(sha256(E'\\x00' || convert_to(u.body, 'UTF8')), '' order by u.i)
                from unnest(o.bodies) with ordinality u (body, i))
    ) then
        raise exception 'delete of events that the log does not prove is refused'
            using errcode = 'ZS902';
    end if;
    return null;
end $$;

CREATE FUNCTION ledger.entries_balance() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if exists (
        select from (
            select ledger_id, transaction_id, posting,
                count(*) = 2 and sum(amount) = 0 and min(asset) = max(asset)
                    and min(recorded_at) = max(recorded_at) as whole
            from new_entries group by ledger_id, transaction_id, posting
        ) p
        group by ledger_id, transaction_id
        having not bool_and(whole) or min(posting) <> 1 or max(posting) <> count(*)
    ) then
        raise exception 'entries of a transaction must be whole postings 1..n that sum to zero'
            using errcode = 'ZS901';
    end if;
    return null;
end $$;

CREATE FUNCTION ledger.events_bundled() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
begin
    if exists (
        select from (
            select o.ledger_id, (o.seq - 1) / 256 as number, array_agg(o.transaction_id order by o.seq) as transaction_ids,
                array_agg(o.recorded_at order by o.seq) as recorded_ats, array_agg(o.id order by o.seq) as ids,
                array_agg(o.type order by o.seq) as types, array_agg(o.body order by o.seq) as bodies
            from old_events o group by o.ledger_id, (o.seq - 1) / 256
        ) o
        left join lateral (
            select * from ledger.event_bundles b where b.ledger_id = o.ledger_id and b.number = o.number limit 1
        ) b on true
        where (b.transaction_ids, b.recorded_ats, b.ids, b.types, b.bodies)
            is distinct from (o.transaction_ids, o.recorded_ats, o.ids, o.types, o.bodies)
    ) then
        raise exception 'delete of events that are in no bundle is refused' using errcode = 'ZS902';
    end if;
    return null;
end $$;

CREATE FUNCTION ledger.outbox_notify() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if extract(epoch from clock_timestamp()) * 1000 > coalesce(pg_sequence_last_value('ledger.awake'), 0) then
        perform pg_notify('zerosum_outbox', '');
    end if;
    return null;
end $$;

CREATE FUNCTION ledger.refuse() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    raise exception '% of % is refused', lower(tg_op), tg_table_name using errcode = 'ZS902';
end $$;

CREATE FUNCTION ledger.wallets_account() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_indexscan TO 'on'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $$
begin
    if exists (
        select from new_wallets n
        full join old_wallets o on o.ledger_id = n.ledger_id and o.id = n.id
        cross join lateral (
            select count(*) as count, coalesce(sum(e.amount), 0) as total,
                coalesce(max(e.recorded_at), o.recorded_at) as recorded_at,
                coalesce(max(e.balance) filter (where e.version = n.version), o.posted) as balance,
                bool_and(e.asset = n.asset) as pure
            from (
                select * from ledger.entries e
                where e.wallet_id = n.id and e.ledger_id = n.ledger_id and e.version > o.version
                    and e.version <= n.version
                order by e.version offset 0
            ) e
        ) e
        where (e.count, e.total, e.balance, e.recorded_at)
            is distinct from (n.version - o.version, n.posted - o.posted, n.posted, n.recorded_at) or not e.pure
    ) then
        raise exception 'a wallet changes only with the entries that account for it' using errcode = 'ZS903';
    end if;
    return null;
end $$;

CREATE FUNCTION ledger.wallets_empty() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    raise exception 'a wallet is made empty' using errcode = 'ZS903';
end $$;

CREATE FUNCTION ledger.wallets_world() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    missing record;
begin
    -- One by one and in order: an INSERT of nothing would fire this again, and whoever makes the first wallets of several
    -- assets waits for nobody who waits for them.
    for missing in
        select distinct n.ledger_id, n.asset from new_wallets n
        where not starts_with(n.id, '@world:') and not exists (
            select from ledger.wallets w where w.ledger_id = n.ledger_id and w.id = '@world:' || n.asset)
        order by 1, 2
    loop
        insert into ledger.wallets (ledger_id, id, asset, min_balance)
        values (missing.ledger_id, '@world:' || missing.asset, missing.asset, null)
        on conflict (ledger_id, id) do nothing;
    end loop;
    return null;
end $$;

CREATE FUNCTION zerosum.acknowledge(ledger bigint, name text, lease text, seq bigint) RETURNS TABLE(outcome text, body text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    c ledger.consumers;
begin
    select * into c from ledger.consumers o where o.ledger_id = $1 and o.name = $2 for update;
    if not found then
        return;
    end if;
    outcome := case when c.lease is distinct from $3 then 'lease_lost'
        when $4 > c.leased_seq then 'beyond' else 'acknowledged' end;
    if outcome = 'acknowledged' then
        c.acknowledged_seq := greatest(c.acknowledged_seq, $4);
        if $4 is null or c.acknowledged_seq = c.leased_seq then
            c.lease := null;
            c.leased_seq := null;
            c.leased_until := null;
        end if;
        update ledger.consumers o
        set acknowledged_seq = c.acknowledged_seq, lease = c.lease, leased_seq = c.leased_seq,
            leased_until = c.leased_until
        where o.ledger_id = $1 and o.name = $2;
    end if;
    body := zerosum.consumer_json(c);
    return next;
end $_$;

CREATE FUNCTION zerosum.add_checkpoint(ledger bigint, holder text, epoch bigint, origin text, size bigint, root bytea, checkpoint text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    moment constant timestamptz := clock_timestamp();
    ledger_name constant text := (
        select g.name from ledger.ledgers g where g.ledger_id = ledger);
begin
    perform zerosum.locked_feed(ledger, holder, epoch);
    insert into ledger.outbox (ledger_id, ord, aggregatetype, aggregateid, type, payload,
        recorded_at)
    values (ledger, nextval('ledger.outbox_ord'), 'ledger',
        ledger_name, 'ledger.checkpoint',
        concat('{"origin":', to_json($4), ',"size":', $5, ',"root":"', encode($6, 'base64'),
            '","checkpoint":',
            to_json($7), '}'), moment);
    update ledger.feeds set checkpoint_size = $5, checkpoint_at = moment
        where ledger_id = ledger;
end $_$;

CREATE SEQUENCE ledger.endpoint_id
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE ledger.endpoints (
    ledger_id bigint NOT NULL,
    id bigint DEFAULT nextval('ledger.endpoint_id'::regclass) NOT NULL,
    url text NOT NULL,
    types text[] NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    disabled_at timestamp with time zone,
    disabled_reason text,
    deleted_at timestamp with time zone,
    sent_seq bigint DEFAULT 0 NOT NULL,
    description text,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    wallets text[] DEFAULT '{*}'::text[] NOT NULL,
    kinds text[] DEFAULT '{*}'::text[] NOT NULL,
    headers text,
    header_names text[] DEFAULT '{}'::text[] NOT NULL,
    amounts text DEFAULT 'integer'::text NOT NULL,
    timeout_s integer DEFAULT 15 NOT NULL,
    concurrency integer DEFAULT 4 NOT NULL,
    rate_limit text,
    failing_since timestamp with time zone,
    warned_at timestamp with time zone,
    ordered boolean DEFAULT false NOT NULL,
    CONSTRAINT endpoints_amounts CHECK ((amounts = ANY (ARRAY['integer'::text, 'string'::text]))),
    CONSTRAINT endpoints_concurrency CHECK (((concurrency >= 1) AND (concurrency <= 64))),
    CONSTRAINT endpoints_description CHECK ((octet_length(description) <= 1024)),
    CONSTRAINT endpoints_headers CHECK ((length(headers) <= 65536)),
    CONSTRAINT endpoints_kinds CHECK (((cardinality(kinds) >= 1) AND (cardinality(kinds) <= 32))),
    CONSTRAINT endpoints_metadata CHECK (((jsonb_typeof(metadata) = 'object'::text) AND (octet_length((metadata)::text) <= 16384))),
    CONSTRAINT endpoints_rate_limit CHECK ((rate_limit ~ '^[1-9][0-9]{0,8}/(second|minute|hour|day)$'::text)),
    CONSTRAINT endpoints_timeout CHECK (((timeout_s >= 1) AND (timeout_s <= 60))),
    CONSTRAINT endpoints_types_count CHECK (((cardinality(types) >= 1) AND (cardinality(types) <= 32))),
    CONSTRAINT endpoints_url_length CHECK (((length(url) >= 1) AND (length(url) <= 2048))),
    CONSTRAINT endpoints_wallets CHECK (((cardinality(wallets) >= 1) AND (cardinality(wallets) <= 32)))
);

CREATE FUNCTION zerosum.add_endpoint_secret(p ledger.endpoints, secret text, public_key bytea) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    insert into ledger.endpoint_secrets (ledger_id, endpoint_id, number, secret, public_key)
    select p.ledger_id, p.id, coalesce(max(s.number), 0) + 1, $2, $3
    from ledger.endpoint_secrets s where s.endpoint_id = p.id and s.ledger_id = p.ledger_id
$_$;

CREATE FUNCTION zerosum.add_key(ledger bigint, key_hash bytea, scope text, hint text) RETURNS TABLE(added boolean, body text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    made ledger.api_keys;
begin
    insert into ledger.api_keys as k (key_hash, ledger_id, id, scope, hint)
    values ($2, $1, nextval('ledger.api_key_id'), $3, $4)
    on conflict (key_hash) do nothing
    returning k.* into made;
    added := made.key_hash is not null;
    if not added then
        select k.* into made from ledger.api_keys k where k.key_hash = $2;
    end if;
    body := zerosum.key_json(made);
    return next;
end $_$;

CREATE FUNCTION zerosum.advance_replays(ledger bigint, endpoint bigint, max integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $_$
declare
    r ledger.replays;
    page record;
    ended timestamptz;
begin
    select * into r from ledger.replays o
    where o.endpoint_id = $2 and o.ledger_id = $1 and o.finished_at is null
    order by o.number limit 1 for update;
    if not found then
        return;
    end if;
    -- Several pages where few events are wanted, and not so many that the call is long.
    for i in 1..10 loop
        select * into page from zerosum.replay_page(r, max);
        r.read_seq := page.read_to;
        exit when cardinality(page.seqs) > 0 or r.read_seq >= r.upto_seq;
    end loop;
    perform zerosum.send_again($1, $2, s.seq) from unnest(page.seqs) s (seq)
    where not exists (
        select from ledger.deliveries d
        where d.endpoint_id = $2 and d.ledger_id = $1 and d.seq = s.seq and d.status = 'pending');
    if r.read_seq >= r.upto_seq then
        ended := clock_timestamp();
    end if;
    update ledger.replays o
    set read_seq = r.read_seq, replayed = o.replayed + cardinality(page.seqs), finished_at = ended
    where o.endpoint_id = $2 and o.ledger_id = $1 and o.number = r.number;
end $_$;

CREATE FUNCTION zerosum.amount_of(digits text) RETURNS numeric
    LANGUAGE sql IMMUTABLE
    AS $_$
    select case when digits ~ '^[1-9][0-9]{0,37}$' then digits::numeric end
$_$;

CREATE FUNCTION zerosum.answer(ledger bigint, ids bigint[]) RETURNS TABLE(id bigint, body text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $_$
    select t.id, zerosum.transaction_json(t.id, t.kind, coalesce(e.postings, h.postings), e.entries,
        t.reference,
        t.description, t.metadata, zerosum.time_json(t.effective_at),
        zerosum.time_json(t.recorded_at), t.key, t.extra)
    from unnest($2) i (id)
    cross join lateral (
        select * from ledger.transactions t where t.ledger_id = $1 and t.id = i.id limit 1
    ) t
    left join lateral (
        select string_agg(zerosum.posting_json(s.wallet_id, d.wallet_id, d.amount, d.asset), ','
                order by s.posting) as postings,
            string_agg(zerosum.entry_json(s.wallet_id, s.amount, s.balance, s.version) || ',' ||
                zerosum.entry_json(d.wallet_id, d.amount, d.balance, d.version), ','
                order by s.posting) as entries
        from (
            select * from ledger.entries s
            where s.ledger_id = $1 and s.transaction_id = t.id and s.amount < 0
                order by s.posting offset 0
        ) s
        cross join lateral (
            select * from ledger.entries d
            where d.ledger_id = $1 and d.transaction_id = t.id and d.amount > 0
                and d.posting between s.posting and s.posting
            order by d.posting limit 1
        ) d
    ) e on true
    left join lateral (
        select string_agg(zerosum.posting_json(p.source, p.destination, p.amount, p.asset), ','
                order by p.posting) as postings
        from ledger.hold_postings p where t.kind = 'hold' and p.ledger_id = $1
            and p.hold_id = t.id
    ) h on true
$_$;

CREATE FUNCTION zerosum.answer_known(l bigint, known ledger.known_key[], outcomes text[], bodies text[]) RETURNS text[]
    LANGUAGE plpgsql STABLE
    AS $$
declare
    told record;
begin
    for told in
        select k.request, a.body
        from unnest(known) k
        join zerosum.answer(l, array(select k.transaction_id from unnest(known) k)) a
            on a.id = k.transaction_id
        where outcomes[k.request] = 'replayed'
    loop
        bodies[told.request] := told.body;
    end loop;
    return bodies;
end $$;

CREATE TABLE ledger.assets (
    ledger_id bigint NOT NULL,
    code text NOT NULL COLLATE pg_catalog."C",
    scale smallint NOT NULL,
    CONSTRAINT assets_code_form CHECK ((code ~ '^[A-Za-z0-9_.-]{1,32}$'::text)),
    CONSTRAINT assets_scale_range CHECK (((scale >= 0) AND (scale <= 38)))
);

CREATE FUNCTION zerosum.asset_json(a ledger.assets) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select concat('{"code":"', a.code, '","scale":', a.scale, '}')
$$;

CREATE FUNCTION zerosum.bundle_events(ledger bigint, holder text, epoch bigint, keep bigint, max_bundles integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    f constant ledger.feeds := zerosum.locked_feed(ledger, holder, epoch);
    next bigint := coalesce((
        select b.number + 1 from ledger.event_bundles b where b.ledger_id = l
            order by b.number desc limit 1), zerosum.purged_seq(l) / 256);
    made int := 0;
begin
    while made < max_bundles and (next + 1) * 256 + keep <= f.last_seq loop
        insert into ledger.event_bundles (ledger_id, number, transaction_ids, recorded_ats, ids,
            types, bodies)
        select g.ledger_id, next, x.transaction_ids, x.recorded_ats, x.ids, x.types, x.bodies
        from ledger.ledgers g, (
            select array_agg(v.transaction_id) as transaction_ids,
                array_agg(v.recorded_at) as recorded_ats,
                array_agg(v.id) as ids, array_agg(v.type) as types, array_agg(v.body) as bodies
            from (
                select * from ledger.events v
                where v.ledger_id = l and v.seq > next * 256 and v.seq <= next * 256 + 256
                    order by v.seq
            ) v
        ) x
        where g.ledger_id = l;
        delete from ledger.events v where v.ledger_id = l and v.seq > next * 256
            and v.seq <= next * 256 + 256;
        next := next + 1;
        made := made + 1;
    end loop;
    return made;
end $$;

CREATE FUNCTION zerosum.busy_wallets(ledger bigint, ids text[]) RETURNS text[]
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $_$
declare
    locked constant text[] := array(
        select w.id::text
        from (select distinct v.id collate "C" as id from unnest($2) v (id) order by 1) x
        cross join lateral (
            select w.id from ledger.wallets w where w.ledger_id = $1
                and w.id = x.id for update skip locked
        ) w
    );
begin
    return array(
        select distinct x.id
        from unnest($2) x (id)
        cross join lateral (
            select from ledger.wallets w where w.ledger_id = $1 and w.id = x.id limit 1
        ) w
        where x.id <> all (locked)
    );
end $_$;

CREATE FUNCTION zerosum.cancel_replay(ledger bigint, endpoint bigint, number bigint) RETURNS TABLE(body text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    moment constant timestamptz := clock_timestamp();
    cancelled ledger.replays;
begin
    update ledger.replays r
    set cancelled = r.finished_at is null or r.cancelled,
        finished_at = coalesce(r.finished_at, moment)
    where r.endpoint_id = $2 and r.ledger_id = $1 and r.number = $3
    returning * into cancelled;
    if cancelled.number is not null then
        body := zerosum.replay_json(cancelled);
        return next;
    end if;
end $_$;

CREATE FUNCTION zerosum.capture(ledger bigint, hold bigint, amount numeric DEFAULT NULL::numeric, key text DEFAULT NULL::text, final boolean DEFAULT false, destination text DEFAULT NULL::text, postings jsonb DEFAULT NULL::jsonb, reference text DEFAULT NULL::text, description text DEFAULT NULL::text, metadata jsonb DEFAULT NULL::jsonb, effective_at timestamp with time zone DEFAULT NULL::timestamp with time zone, conditions jsonb DEFAULT NULL::jsonb) RETURNS TABLE(replayed boolean, transaction json)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    told record;
begin
    told := zerosum.run(ledger, 'capture', null, null, null, key, reference, description, metadata,
        effective_at, conditions,
        jsonb_strip_nulls(jsonb_build_object('hold', hold, 'amount', amount::text,
            'final', nullif(final, false), 'destination', destination, 'postings', postings)));
    replayed := told.replayed;
    transaction := told.transaction;
    return next;
end $$;

CREATE FUNCTION zerosum.capture_extra(status text, hold bigint, slots integer[], amounts numeric[], captured numeric[], left_over numeric, assets text[], sources integer[]) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
declare
    total numeric := 0;
    taken numeric := 0;
begin
    for i in 1..cardinality(slots) loop
        total := case when assets[sources[i]] = assets[sources[1]]
            then total + amounts[slots[i]] end;
        taken := taken + captured[slots[i]];
    end loop;
    return concat('"hold":{"id":', hold, ',', zerosum.hold_state_json(status, total,
        case when total is not null then taken end, case when total is not null then left_over end),
            '}');
end $$;

CREATE FUNCTION zerosum.change_endpoint(ledger bigint, endpoint bigint, changes jsonb) RETURNS TABLE(body text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    before ledger.endpoints;
    after ledger.endpoints;
begin
    select * into before from ledger.endpoints p
    where p.ledger_id = $1 and p.id = $2 and p.deleted_at is null
    for update;
    if not found then
        return;
    end if;
    after := zerosum.changed_endpoint(before, changes);
    if after is distinct from before then
        perform zerosum.store_endpoint(after);
        perform zerosum.endpoint_event(after, 'endpoint.changed');
    end if;
    body := zerosum.endpoint_json(after);
    return next;
end $_$;

CREATE FUNCTION zerosum.change_sink(ledger bigint, sink bigint, paused boolean DEFAULT NULL::boolean, next_seq bigint DEFAULT NULL::bigint) RETURNS TABLE(body text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    moment constant timestamptz := clock_timestamp();
    last constant bigint := (select f.last_seq from ledger.feeds f where f.ledger_id = $1);
    changed ledger.sinks;
begin
    update ledger.sinks s
    set paused_at = case when $3 is null then s.paused_at
        when $3 then coalesce(s.paused_at, moment) end,
        paused_by = case when $3 is null then s.paused_by when $3 then 'operator' end,
        sent_seq = coalesce(least($4 - 1, last), s.sent_seq), error = null, failed_at = null
    where s.ledger_id = $1 and s.id = $2
    returning * into changed;
    if changed.id is not null then
        body := zerosum.sink_json(changed, last);
        return next;
    end if;
end $_$;

CREATE FUNCTION zerosum.change_wallet(ledger bigint, id text, changes jsonb, admin boolean DEFAULT false) RETURNS TABLE(outcome text, body text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    integer constant text := '^(0|-?[1-9][0-9]{0,37})$';
    refusal constant text := zerosum.lock_wallet($1, $2, $4);
    w ledger.wallets;
    low numeric;
    high numeric;
    told jsonb;
    code text;
begin
    if refusal is not null then
        return query select 'refused', refusal;
        return;
    end if;
    select x.* into w from ledger.wallets x where x.ledger_id = $1 and x.id = $2;
    code := case
        when w.status = 'closed' then 'wallet_closed'
        when jsonb_typeof($3) is distinct from 'object'
            or $3 - array['min_balance', 'max_balance', 'metadata'] <> '{}'
            then 'invalid_limits'
        when $3 ->> 'min_balance' !~ integer or $3 ->> 'max_balance' !~ integer
            then 'invalid_limits'
        when $3 ? 'metadata' and (jsonb_typeof($3 -> 'metadata') <> 'object'
            or octet_length(($3 -> 'metadata')::text) > 16384) then 'invalid_metadata'
    end;
    if code is null then
        low := case when $3 ? 'min_balance' then ($3 ->> 'min_balance')::numeric
            else w.min_balance end;
        high := case when $3 ? 'max_balance' then ($3 ->> 'max_balance')::numeric
            else w.max_balance end;
        told := case when $3 ? 'metadata' then $3 -> 'metadata' else w.metadata end;
        code := case when low > 0 or high < 0 then 'invalid_limits'
            when w.posted - w.held < low
                and (low is distinct from w.min_balance or w.floor_debt = 0)
                or w.posted > high then 'balance_outside_limits' end;
    end if;
    if code is not null then
        return query select 'refused',
            json_strip_nulls(json_build_object('code', code, 'wallet', w.id,
            'posted', case when code = 'balance_outside_limits' then w.posted end,
            'available', case when code = 'balance_outside_limits'
                then w.posted - w.held end))::text;
        return;
    end if;
    if (low, high, told) is distinct from (w.min_balance, w.max_balance, w.metadata) then
        update ledger.wallets x set min_balance = low, max_balance = high, metadata = told,
            floor_debt = case when low is not distinct from w.min_balance then w.floor_debt
                else 0 end
        where x.ledger_id = $1 and x.id = $2 returning x.* into w;
        perform zerosum.wallet_event(w, 'wallet.changed');
    end if;
    return query select 'done', zerosum.wallet_json(w);
end $_$;

CREATE FUNCTION zerosum.changed_endpoint(p ledger.endpoints, changes jsonb) RETURNS ledger.endpoints
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    p.url := coalesce(changes ->> 'url', p.url);
    p.metadata := coalesce(changes -> 'metadata', p.metadata);
    p.amounts := coalesce(changes ->> 'amounts', p.amounts);
    p.ordered := coalesce((changes -> 'ordered')::boolean, p.ordered);
    p.timeout_s := coalesce((changes -> 'timeout_s')::int, p.timeout_s);
    p.concurrency := coalesce((changes -> 'concurrency')::int, p.concurrency);
    if changes ? 'types' then
        p.types := array(select jsonb_array_elements_text(changes -> 'types'));
    end if;
    if changes ? 'wallets' then
        p.wallets := array(select jsonb_array_elements_text(changes -> 'wallets'));
    end if;
    if changes ? 'kinds' then
        p.kinds := array(select jsonb_array_elements_text(changes -> 'kinds'));
    end if;
    if changes ? 'headers' then
        p.headers := changes ->> 'headers';
        p.header_names := array(select jsonb_array_elements_text(changes -> 'header_names'));
    end if;
    if changes ? 'rate_limit' then
        p.rate_limit := changes ->> 'rate_limit';
    end if;
    if changes ? 'description' then
        p.description := changes ->> 'description';
    end if;
    return p;
end $$;

CREATE FUNCTION zerosum.check_kept(ledger bigint, after bigint) RETURNS void
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select zerosum.kept_after($1, $2);
    select zerosum.refuse_ahead($2, coalesce((
        select f.last_seq from ledger.feeds f where f.ledger_id = $1), 0))
$_$;

CREATE FUNCTION zerosum.check_lease(ledger bigint, holder text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
    if holder is not null and not exists (
        select from ledger.feeds f
        where f.ledger_id = $1 and f.holder = $2 and f.until > clock_timestamp())
    then
        raise exception 'the lease of ledger % is not held', $1
            using errcode = zerosum.sqlstate('lease_lost');
    end if;
end $_$;

CREATE FUNCTION zerosum.check_requests(requests ledger.request[], postings ledger.posting[]) RETURNS TABLE(number integer, fault text, fingerprint bytea)
    LANGUAGE sql STABLE
    AS $$
    select r.number,
        zerosum.request_fault(
            kind => r.kind, key => r.key, reference => r.reference, description => r.description,
            metadata => r.metadata, effective_at => r.effective_at, conditions => r.conditions,
            options => r.options,
            size => s.size, beside => s.beside, numeral => s.numeral, named => s.named,
            loops => s.loops, ids => s.ids),
        zerosum.request_fingerprint(r.kind, s.size, s.postings, r.reference, r.description,
            r.metadata, r.effective_at,
            r.conditions, r.options)
    from unnest(requests) r
    left join (
        select p.request, count(*) as size, max(p.number) - min(p.number) < count(*) as beside,
            bool_and(p.amount is not null) as numeral,
            bool_and(p.source is not null and p.destination is not null) as named,
            bool_or(p.source = p.destination) as loops,
            sum(length(p.source) + length(p.destination)) as ids,
            string_agg(zerosum.posting_canon(p.source, p.destination, p.amount),
                E'\n' order by p.number) as postings
        from unnest(postings) p
        group by p.request
    ) s on s.request = r.number
$$;

CREATE FUNCTION zerosum.check_single_requests(requests ledger.request[], postings ledger.posting[]) RETURNS TABLE(number integer, fault text, fingerprint bytea)
    LANGUAGE sql STABLE
    AS $$
    select b.number,
        zerosum.request_fault(
            kind => b.kind, key => b.key, reference => b.reference, description => b.description,
            metadata => b.metadata, effective_at => b.effective_at, conditions => b.conditions,
            options => b.options,
            size => 1, beside => true, numeral => b.amount is not null,
            named => b.source is not null and b.destination is not null,
            loops => b.source = b.destination, ids => length(b.source) + length(b.destination)),
        zerosum.request_fingerprint(b.kind, 1,
            zerosum.posting_canon(b.source, b.destination, b.amount), b.reference,
            b.description, b.metadata, b.effective_at, b.conditions, b.options)
    from unnest(requests, postings) b (number, kind, key, reference, description, metadata,
        effective_at, conditions,
        options, unit, posting, request, source, destination, amount, origin, origin_posting)
$$;

CREATE FUNCTION zerosum.close_wallet(ledger bigint, id text, admin boolean DEFAULT false) RETURNS TABLE(outcome text, body text)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select * from zerosum.set_wallet_status($1, $2, 'closed', false, 'wallet.closed', $3)
$_$;

CREATE FUNCTION zerosum.condition_facts(conditions jsonb, wallets text[], versions bigint[], balances numeric[], held numeric[], after boolean) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    c jsonb;
    s int;
begin
    for c in select x.one from jsonb_array_elements($1) x (one) loop
        s := array_position(wallets, c ->> 'wallet');
        if s is null then
            return zerosum.wallet_facts(c ->> 'wallet');
        elsif not after and (c ->> 'version')::bigint <> versions[s] then
            return json_build_object('code', 'wallet_changed', 'wallet', wallets[s], 'version',
                versions[s]);
        elsif after and balances[s] - held[s] < (c ->> 'min_available_after')::numeric then
            return json_build_object('code', 'available_too_low', 'wallet', wallets[s],
                'available', balances[s] - held[s]);
        end if;
    end loop;
    return null;
end $_$;

CREATE FUNCTION zerosum.conditions_valid(conditions jsonb) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
    if jsonb_typeof($1) <> 'array' then
        return false;
    end if;
    return jsonb_array_length($1) between 1 and 100 and not exists (
        select from jsonb_array_elements($1) c (one)
        where case when jsonb_typeof(c.one) <> 'object' then true else
            c.one - array['wallet', 'version', 'min_available_after'] <> '{}'
            or jsonb_typeof(c.one -> 'wallet') is distinct from 'string'
            or length(c.one ->> 'wallet') not between 1 and 128
                or c.one ->> 'wallet' ~ '[^A-Za-z0-9_.:@-]|^[.][.]?$'
            or not (c.one ? 'version' or c.one ? 'min_available_after')
            or c.one ? 'version' and (jsonb_typeof(c.one -> 'version') <> 'number'
                or c.one ->> 'version' !~ '^(0|[1-9][0-9]{0,17})$')
            or c.one ? 'min_available_after' and (
                jsonb_typeof(c.one -> 'min_available_after') not in ('number', 'string')
                or c.one ->> 'min_available_after' !~ '^(0|-?[1-9][0-9]{0,37})$')
        end);
end $_$;

CREATE TABLE ledger.consumers (
    ledger_id bigint NOT NULL,
    name text NOT NULL,
    types text[] DEFAULT '{*}'::text[] NOT NULL,
    wallets text[] DEFAULT '{*}'::text[] NOT NULL,
    kinds text[] DEFAULT '{*}'::text[] NOT NULL,
    acknowledged_seq bigint NOT NULL,
    lease text,
    leased_seq bigint,
    leased_until timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT consumers_acknowledged CHECK ((acknowledged_seq >= 0)),
    CONSTRAINT consumers_kinds CHECK (((cardinality(kinds) >= 1) AND (cardinality(kinds) <= 32))),
    CONSTRAINT consumers_lease CHECK ((((lease IS NULL) = (leased_seq IS NULL)) AND ((lease IS NULL) = (leased_until IS NULL)))),
    CONSTRAINT consumers_name CHECK ((name ~ '^[A-Za-z0-9_.-]{1,128}$'::text)),
    CONSTRAINT consumers_types CHECK (((cardinality(types) >= 1) AND (cardinality(types) <= 32))),
    CONSTRAINT consumers_wallets CHECK (((cardinality(wallets) >= 1) AND (cardinality(wallets) <= 32)))
);

CREATE FUNCTION zerosum.consumer_json(c ledger.consumers) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select concat('{"name":', to_json(c.name), ',"types":', to_json(c.types), ',"wallets":',
        to_json(c.wallets), ',"kinds":', to_json(c.kinds), ',"acknowledged_seq":',
        c.acknowledged_seq, ',"behind":', greatest(f.last_seq - c.acknowledged_seq, 0),
        ',"leased_until":', case when c.leased_until > clock_timestamp()
            then zerosum.time_json(c.leased_until) else 'null' end,
        ',"created_at":', zerosum.time_json(c.created_at), '}')
    from ledger.feeds f where f.ledger_id = c.ledger_id
$$;

CREATE FUNCTION zerosum.consumer_states() RETURNS TABLE(ledger text, name text, behind bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select g.name, c.name, greatest(f.last_seq - c.acknowledged_seq, 0)
    from ledger.consumers c
    join ledger.ledgers g on g.ledger_id = c.ledger_id
    join ledger.feeds f on f.ledger_id = c.ledger_id
    order by g.name, c.name
$$;

CREATE FUNCTION zerosum.count_replay(ledger bigint, endpoint bigint, asked jsonb) RETURNS TABLE(events bigint, complete boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    r ledger.replays := zerosum.plan_replay($1, $2, $3);
    page record;
begin
    events := 0;
    for i in 1..100 loop
        exit when r.read_seq >= r.upto_seq;
        select * into page from zerosum.replay_page(r, 1000);
        events := events + cardinality(page.seqs);
        r.read_seq := page.read_to;
    end loop;
    complete := r.read_seq >= r.upto_seq;
    return next;
end $_$;

CREATE FUNCTION zerosum.create_asset(ledger bigint, code text, scale integer) RETURNS TABLE(outcome text, body text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    made ledger.assets;
begin
    if $2 is null or $2 !~ '^[A-Za-z0-9_.-]{1,32}$' or $3 is null or $3 not between 0 and 38 then
        return query select 'refused',
            json_build_object('code', 'invalid_asset', 'asset', $2)::text;
        return;
    end if;
    insert into ledger.assets as a (ledger_id, code, scale)
    select g.ledger_id, $2, $3 from ledger.ledgers g where g.ledger_id = $1
    on conflict do nothing
    returning a.* into made;
    if made.code is not null then
        return query select 'created', zerosum.asset_json(made);
        return;
    end if;
    select a.* into made from ledger.assets a where a.ledger_id = $1 and a.code = $2;
    if made.scale = $3 then
        return query select 'exists', zerosum.asset_json(made);
    else
        return query select 'refused',
            json_build_object('code', 'asset_exists', 'asset', $2, 'scale', made.scale)::text;
    end if;
end $_$;

CREATE FUNCTION zerosum.create_endpoint(ledger bigint, url text, types text[], secret text, more jsonb DEFAULT '{}'::jsonb, public_key bytea DEFAULT NULL::bytea) RETURNS TABLE(body text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    last bigint;
    made ledger.endpoints;
begin
    select f.last_seq into last from ledger.feeds f where f.ledger_id = $1 for update;
    insert into ledger.endpoints as p (ledger_id, id, url, types, sent_seq)
    values ($1, nextval('ledger.endpoint_id'), $2, $3, last)
    returning p.* into made;
    made := zerosum.changed_endpoint(made, more);
    perform zerosum.store_endpoint(made);
    perform zerosum.add_endpoint_secret(made, secret, public_key);
    return query select zerosum.endpoint_json(made);
end $_$;

CREATE FUNCTION zerosum.create_ledger(name text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    l bigint;
    s record;
begin
    perform pg_advisory_xact_lock(hashtext('zerosum.create_ledger'));
    select g.ledger_id into l from ledger.ledgers g where g.name = $1;
    if l is not null then
        return l;
    end if;
    l := nextval('ledger.ledger_id');
    insert into ledger.ledgers (ledger_id, name) values (l, $1);
    insert into ledger.feeds (ledger_id) values (l);
    insert into ledger.assets (ledger_id, code, scale)
    select l, code, 2 from unnest(string_to_array(
        'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN '
        'BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL '
        'GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK '
        'LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO '
        'NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE '
        'SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES '
        'WST XCD XCG YER ZAR ZMW ZWG', ' ')) code
    union all
    select l, code, 0 from unnest(string_to_array(
        'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF', ' ')) code
    union all
    select l, code, 3 from unnest(string_to_array('BHD IQD JOD KWD LYD OMR TND', ' ')) code;
    -- Sinks from the settings get every ledger's feed.
    for s in
        select distinct on (o.name) o.name, o.url, o.types from ledger.sinks o
        where o.configured and o.paused_by is distinct from 'settings'
        order by o.name, o.ledger_id
    loop
        insert into ledger.sinks (ledger_id, id, name, url, types, sent_seq, configured)
        values (l, nextval('ledger.endpoint_id'), s.name, s.url, s.types, 0, true);
    end loop;
    return l;
end $_$;

CREATE FUNCTION zerosum.create_replay(ledger bigint, endpoint bigint, asked jsonb) RETURNS TABLE(body text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    r ledger.replays;
begin
    perform from ledger.feeds f where f.ledger_id = $1 for share;
    perform from ledger.endpoints p
    where p.ledger_id = $1 and p.id = $2 and p.disabled_at is null and p.deleted_at is null
    for no key update;
    if not found then
        return;
    end if;
    r := zerosum.plan_replay($1, $2, $3);
    insert into ledger.replays as n (ledger_id, endpoint_id, number, source_id, after_seq, upto_seq,
        types, status, read_seq)
    select $1, $2, coalesce(max(o.number), 0) + 1, r.source_id, r.after_seq, r.upto_seq, r.types,
        r.status, r.read_seq
    from ledger.replays o where o.endpoint_id = $2 and o.ledger_id = $1
    returning n.* into r;
    -- The first page makes the relay look; it takes the next ones as they are sent.
    perform zerosum.advance_replays($1, $2, 100);
    return query select zerosum.replay_json(n) from ledger.replays n
        where n.endpoint_id = $2 and n.ledger_id = $1 and n.number = r.number;
end $_$;

CREATE FUNCTION zerosum.create_session(token_hash bytea, key_hash bytea, seconds double precision, once boolean DEFAULT false) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
begin
    delete from ledger.sessions s where s.token_hash = any (array(
        select o.token_hash from ledger.sessions o where o.expires_at < clock_timestamp()
        limit 1000 for update skip locked));
    insert into ledger.sessions (token_hash, key_hash, once, expires_at)
    select $1, k.key_hash, $4, clock_timestamp() + make_interval(secs => $3)
    from ledger.api_keys k where k.key_hash = $2 and k.revoked_at is null;
    return found;
end $_$;

CREATE FUNCTION zerosum.create_sink(ledger bigint, name text, url text, types text[], start text, configured boolean DEFAULT false) RETURNS TABLE(body text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    last bigint;
    first bigint;
    made ledger.sinks;
begin
    select f.last_seq into last from ledger.feeds f where f.ledger_id = $1 for update;
    if not found then
        return;
    end if;
    first := case when $5 = 'now' or exists (
            select from ledger.sinks o where o.ledger_id = $1 and o.name = $2) then last
        else zerosum.kept_after($1, case $5 when 'beginning' then 0
            else $5::bigint - 1 end) end;
    insert into ledger.sinks as s (ledger_id, id, name, url, types, sent_seq, configured)
    values ($1, nextval('ledger.endpoint_id'), $2, $3, $4, first, $6)
    on conflict on constraint sinks_name do update
    set url = excluded.url, types = excluded.types, configured = excluded.configured,
        paused_at = case when s.paused_by = 'operator' then s.paused_at end,
        paused_by = nullif(s.paused_by, 'settings'),
        error = null, failed_at = null
    where excluded.configured or not s.configured
    returning s.* into made;
    if made.id is not null then
        body := zerosum.sink_json(made, last);
        return next;
    end if;
end $_$;

CREATE FUNCTION zerosum.create_wallet(ledger bigint, id text, asset text, min_balance text DEFAULT '0'::text, max_balance text DEFAULT NULL::text, metadata jsonb DEFAULT '{}'::jsonb, admin boolean DEFAULT false) RETURNS TABLE(outcome text, body text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    chosen constant text := coalesce($2, 'w_' || replace(gen_random_uuid()::text, '-', ''));
    integer constant text := '^(0|-?[1-9][0-9]{0,37})$';
    code text;
    made ledger.wallets;
begin
    code := case
        when length(chosen) not between 1 and 128 or chosen ~ '[^A-Za-z0-9_.:@-]'
            or chosen in ('.', '..') then 'invalid_wallet_id'
        when starts_with(chosen, '@world') or starts_with(chosen, '@') and not $7
            then 'reserved_wallet_id'
        when $4 !~ integer or $5 !~ integer or $4::numeric > $5::numeric
            or $4::numeric > 0 or $5::numeric < 0 then 'invalid_limits'
        when $6 is null or jsonb_typeof($6) <> 'object' or octet_length($6::text) > 16384
            then 'invalid_metadata'
        when not exists (select from ledger.assets a where a.ledger_id = $1 and a.code = $3)
            then 'unknown_asset'
    end;
    if code is not null then
        return query select 'refused',
            json_strip_nulls(json_build_object('code', code, 'wallet', chosen,
            'asset', case when code = 'unknown_asset' then $3 end))::text;
        return;
    end if;
    insert into ledger.wallets as w (ledger_id, id, asset, min_balance, max_balance, metadata)
    values ($1, chosen, $3, $4::numeric, $5::numeric, $6)
    on conflict (ledger_id, id) do nothing
    returning w.* into made;
    if made.id is not null then
        return query select 'created', zerosum.wallet_json(made);
        return;
    end if;
    select w.* into made from ledger.wallets w where w.ledger_id = $1 and w.id = chosen;
    if made.asset = $3 and made.min_balance is not distinct from $4::numeric
        and made.max_balance is not distinct from $5::numeric and made.metadata = $6
    then
        return query select 'exists', zerosum.wallet_json(made);
    else
        return query select 'refused',
            json_build_object('code', 'wallet_exists', 'wallet', chosen)::text;
    end if;
end $_$;

CREATE FUNCTION zerosum.credit(ledger bigint, wallet text, amount numeric, key text DEFAULT NULL::text, source text DEFAULT '@world'::text, reference text DEFAULT NULL::text, description text DEFAULT NULL::text, metadata jsonb DEFAULT NULL::jsonb, effective_at timestamp with time zone DEFAULT NULL::timestamp with time zone, conditions jsonb DEFAULT NULL::jsonb) RETURNS TABLE(replayed boolean, transaction json)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    told record;
begin
    told := zerosum.run(ledger, 'credit', source, wallet, amount, key, reference,
        description, metadata, effective_at, conditions);
    replayed := told.replayed;
    transaction := told.transaction;
    return next;
end $$;

CREATE FUNCTION zerosum.data_matches(type text, data json, wallets text[], kinds text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select ('*' = any ($4) or coalesce($2 ->> 'kind' = any ($4), false))
        and ('*' = any ($3) or exists (
            select from (
                select unnest(array[p ->> 'source', p ->> 'destination'])
                from json_array_elements($2 -> 'postings') p
                union all
                select $2 ->> 'id' where starts_with($1, 'wallet.')
            ) w (wallet), unnest($3) pattern
            where case when right(pattern, 1) = '*'
                then starts_with(w.wallet, left(pattern, -1)) else w.wallet = pattern end))
$_$;

CREATE FUNCTION zerosum.debit(ledger bigint, wallet text, amount numeric, key text DEFAULT NULL::text, destination text DEFAULT '@world'::text, reference text DEFAULT NULL::text, description text DEFAULT NULL::text, metadata jsonb DEFAULT NULL::jsonb, effective_at timestamp with time zone DEFAULT NULL::timestamp with time zone, conditions jsonb DEFAULT NULL::jsonb) RETURNS TABLE(replayed boolean, transaction json)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    told record;
begin
    told := zerosum.run(ledger, 'debit', wallet, destination, amount, key, reference,
        description, metadata, effective_at, conditions);
    replayed := told.replayed;
    transaction := told.transaction;
    return next;
end $$;

CREATE FUNCTION zerosum.decide(l bigint, at timestamp with time zone, requests ledger.request[], postings ledger.posting[], firsts integer[], lasts integer[], fingerprints bytea[], INOUT outcomes text[], INOUT bodies text[], INOUT repeat_of integer[], INOUT locked ledger.locked_wallets, INOUT parts ledger.parts, OUT moves ledger.move[], OUT extras text[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
declare
    -- The wallets, by slot. plpgsql copies a record's arrays at each change, so these are
    -- variables.
    slots constant jsonb := locked.slots;
    assets constant text[] := locked.assets;
    statuses constant text[] := locked.statuses;
    ceilings constant numeric[] := locked.ceilings;
    balances numeric[] := locked.balances;
    versions bigint[] := locked.versions;
    held numeric[] := locked.held;
    floors numeric[] := locked.floors;
    debts numeric[] := locked.debts;
    indebted boolean := 0 < any (debts);
    -- The parts, by slot.
    part_slots constant int[] := parts.slots;
    remaining numeric[] := parts.remaining;
    captured numeric[] := parts.captured;
    part_statuses text[] := parts.statuses;
    -- Of each posting: its wallets and its part, by slot; what it moves; what it releases of held
    -- value or of a part.
    sources int[]; destinations int[]; part int;
    moved numeric[]; freed numeric[];
    move_count int := 0;
    -- The current request, and what is wrong with it: code and facts, or the wallet whose limit
    -- it breaks.
    request ledger.request; posting ledger.posting;
    first int; last int; applied_to int; moves_before int; entry_posting int; earlier int;
    source int; destination int; amount numeric; short_part int;
    fault text; broken int; available_then numeric; forced text; left_over numeric; status text;
    -- The current unit, and a copy of everything as it was when the unit began.
    unit int; unit_first int; failed_unit int; failed_as text; unit_moves int;
    unit_balances numeric[]; unit_versions bigint[]; unit_held numeric[]; unit_floors numeric[];
        unit_debts numeric[];
    unit_remaining numeric[]; unit_captured numeric[]; unit_part_statuses text[];
begin
    <<requests>>
    for i in 1..cardinality(requests) loop
        request := requests[i];

        -- 1. Begin a unit; skip the rest of a failed unit.
        if request.unit is distinct from unit then
            unit := request.unit;
            unit_first := i;
            if unit is not null then
                unit_moves := move_count;
                unit_balances := balances;
                unit_versions := versions;
                unit_held := held;
                unit_floors := floors;
                unit_debts := debts;
                unit_remaining := remaining;
                unit_captured := captured;
                unit_part_statuses := part_statuses;
            end if;
        end if;
        if unit = failed_unit then
            outcomes[i] := failed_as;
            continue requests;
        end if;

        -- 2. Settle a repeat of an earlier request of this batch.
        earlier := repeat_of[i];
        if earlier is not null and outcomes[i] is null then
            while outcomes[earlier] in ('refused', 'undone') loop
                earlier := repeat_of[earlier];
            end loop;
            if outcomes[earlier] = 'replayed' then
                earlier := repeat_of[earlier];
            end if;
            repeat_of[i] := earlier;
            if earlier is not null then
                if fingerprints[i] = fingerprints[earlier] then
                    outcomes[i] := 'replayed';
                else
                    outcomes[i] := 'refused';
                    bodies[i] := json_build_object('code', 'idempotency_key_reused');
                end if;
            end if;
        end if;

        fault := null;
        broken := null;
        moves_before := move_count;
        first := firsts[i];
        last := lasts[i];
        applied_to := first - 1;
        if outcomes[i] is null then
            -- 3. Check the conditions on the state before the request.
            if request.conditions is not null then
                fault := zerosum.condition_facts(request.conditions, locked.ids, versions, balances,
                    held, false);
            end if;
            if fault is null and request.kind = 'hold'
                and (request.options ->> 'expires_at')::timestamptz <= at then
                fault := '{"code" : "invalid_expires_at"}';
            end if;

            -- 4. Apply the request's postings.
            entry_posting := 0;
            short_part := null;
            if fault is null then
                for p in first..last loop
                    posting := postings[p];
                    source := (slots -> posting.source)::int;
                    destination := (slots -> posting.destination)::int;
                    if not coalesce(assets[source] = assets[destination]
                        and statuses[source] = 'open'
                        and statuses[destination] in ('open', 'frozen_out'), false)
                    then
                        fault := zerosum.posting_fault(l, posting, assets[source], statuses[source],
                            assets[destination],
                            statuses[destination]);
                        exit when fault is not null;
                    end if;
                    sources[p] := source;
                    destinations[p] := destination;
                    amount := posting.amount;
                    if posting.origin is not null then
                        part := part_slots[p];
                        if part_statuses[part] <> 'pending' then
                            fault := json_build_object('code', 'hold_' || part_statuses[part],
                                'hold', posting.origin);
                            exit;
                        end if;
                        amount := case when destination is null then 0
                            else coalesce(amount, remaining[part]) end;
                        if amount > remaining[part] then
                            short_part := part;
                            exit;
                        end if;
                        freed[p] := case when request.kind = 'void'
                            or request.options @> '{"final": true}'
                            then remaining[part] else amount end;
                        remaining[part] := remaining[part] - freed[p];
                        captured[part] := captured[part] + amount;
                        if request.kind <> 'reversal' then
                            held[source] := held[source] - freed[p];
                            floors[source] := floors[source] - freed[p];
                        end if;
                    elsif request.kind = 'hold' then
                        if floors[source] = '-Infinity' then
                            fault := json_build_object('code', 'reserved_wallet_id', 'wallet',
                                posting.source);
                            exit;
                        end if;
                        freed[p] := -amount;
                        held[source] := held[source] + amount;
                        floors[source] := floors[source] + amount;
                        move_count := move_count + 1;
                        moves[move_count] := row(i, p - first + 1, posting.source,
                            posting.destination, assets[source],
                            amount, null, null, null, null)::ledger.move;
                        amount := 0;
                    end if;
                    moved[p] := amount;
                    applied_to := p;
                    if amount > 0 then
                        entry_posting := entry_posting + 1;
                        move_count := move_count + 1;
                        balances[source] := balances[source] - amount;
                        versions[source] := versions[source] + 1;
                        balances[destination] := balances[destination] + amount;
                        versions[destination] := versions[destination] + 1;
                        moves[move_count] := row(i, entry_posting, posting.source,
                            posting.destination, assets[source],
                            amount, balances[source], versions[source], balances[destination],
                            versions[destination])::ledger.move;
                    end if;
                end loop;
                if fault is null and request.kind in ('capture', 'reversal')
                    and (short_part is not null or entry_posting = 0)
                then
                    -- If nothing is left of any part, report the last one that the request takes
                    -- from.
                    for p in first..last loop
                        exit when short_part is not null and applied_to < last;
                        short_part := case when destinations[p] is not null then part_slots[p]
                            else short_part end;
                    end loop;
                    fault := json_build_object('code', case request.kind when 'capture'
                        then 'hold_exceeded'
                        else 'reversal_exceeded' end, 'posting', parts.postings[short_part],
                        'remaining', remaining[short_part]);
                end if;
            end if;

            -- 5. Check the limits on the net effect. A wallet whose net falls is the source of
            -- some posting, one whose net rises the destination.
            if fault is null then
                for p in first..last loop
                    source := sources[p];
                    destination := destinations[p];
                    if balances[source] < floors[source] and (request.kind <> 'reversal'
                        or not request.options @> '{"force": true}' or balances[source] <= -1e38)
                    then
                        broken := source;
                        exit;
                    elsif balances[destination] > ceilings[destination] then
                        broken := destination;
                        exit;
                    end if;
                end loop;
            end if;
            if fault is null and broken is null and request.conditions is not null then
                fault := zerosum.condition_facts(request.conditions, locked.ids, versions, balances,
                    held, true);
            end if;

            -- 6. Post the request.
            if fault is null and broken is null then
                outcomes[i] := 'posted';
                forced := null;
                -- A wallet below its floor may go no lower, and what comes in reduces its debt.
                if indebted or request.kind = 'reversal' then
                    for p in first..last loop
                        foreach source in array array[sources[p], destinations[p]] loop
                            amount := least(balances[source] - floors[source], debts[source]);
                            continue when amount = 0 or source is null;
                            debts[source] := debts[source] - amount;
                            floors[source] := floors[source] + amount;
                            if amount < 0 then
                                indebted := true;
                                forced := concat_ws(',', forced,
                                    concat('{"wallet":"', locked.ids[source], '","floor_debt":',
                                        debts[source], '}'));
                            end if;
                        end loop;
                    end loop;
                end if;
                if request.kind = 'reversal' then
                    extras[i] := concat('"reverses":', request.options -> 'transaction',
                        ',"forced":[', forced, ']');
                elsif request.kind = 'hold' then
                    extras[i] := zerosum.hold_extra(request, moves[moves_before + 1:move_count]);
                elsif request.kind in ('capture', 'void') then
                    left_over := 0;
                    for p in first..last loop
                        left_over := left_over + remaining[part_slots[p]];
                    end loop;
                    status := case when request.kind = 'void' then 'voided' when left_over = 0
                        then 'captured'
                        else 'pending' end;
                    for p in first..last loop
                        part_statuses[part_slots[p]] := status;
                    end loop;
                    extras[i] := zerosum.capture_extra(status, posting.origin,
                        part_slots[first:last], parts.amounts,
                        captured, left_over, assets, sources[first:last]);
                end if;
                continue requests;
            end if;
        end if;
        continue requests when outcomes[i] in ('posted', 'replayed');

        -- 7. Refused: take back what the request applied, or restore its whole unit.
        available_then := balances[broken] - held[broken];
        if unit is not null then
            failed_unit := unit;
            failed_as := case when outcomes[i] = 'busy' then 'busy' else 'undone' end;
            for k in unit_first..i - 1 loop
                outcomes[k] := failed_as;
            end loop;
            move_count := unit_moves;
            balances := unit_balances;
            versions := unit_versions;
            held := unit_held;
            floors := unit_floors;
            debts := unit_debts;
            remaining := unit_remaining;
            captured := unit_captured;
            part_statuses := unit_part_statuses;
        else
            move_count := moves_before;
            for p in first..applied_to loop
                source := sources[p];
                if moved[p] > 0 then
                    destination := destinations[p];
                    balances[source] := balances[source] + moved[p];
                    versions[source] := versions[source] - 1;
                    balances[destination] := balances[destination] - moved[p];
                    versions[destination] := versions[destination] - 1;
                end if;
                if freed[p] is not null then
                    if request.kind <> 'reversal' then
                        held[source] := held[source] + freed[p];
                        floors[source] := floors[source] + freed[p];
                    end if;
                    if request.kind <> 'hold' then
                        part := part_slots[p];
                        remaining[part] := remaining[part] + freed[p];
                        captured[part] := captured[part] - moved[p];
                    end if;
                end if;
            end loop;
        end if;
        if outcomes[i] is null then
            outcomes[i] := 'refused';
            bodies[i] := coalesce(fault,
                zerosum.limit_facts(l, locked.ids[broken], balances[broken],
                available_then + held[broken], held[broken]));
        end if;
    end loop;

    moves := moves[1:move_count];
    locked.balances := balances;
    locked.versions := versions;
    locked.held := held;
    locked.floors := floors;
    locked.debts := debts;
    parts.remaining := remaining;
    parts.captured := captured;
    parts.statuses := part_statuses;
end $$;

CREATE FUNCTION zerosum.delete_consumer(ledger bigint, name text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
    delete from ledger.consumers c where c.ledger_id = $1 and c.name = $2;
    return found;
end $_$;

CREATE FUNCTION zerosum.delete_endpoint(ledger bigint, endpoint bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    moment constant timestamptz := clock_timestamp();
begin
    update ledger.endpoints p
    set deleted_at = moment, disabled_at = coalesce(p.disabled_at, moment)
    where p.ledger_id = $1 and p.id = $2 and p.deleted_at is null;
    if not found then
        return false;
    end if;
    update ledger.replays r set cancelled = true, finished_at = moment
    where r.endpoint_id = $2 and r.ledger_id = $1 and r.finished_at is null;
    update ledger.deliveries d
    set status = 'dead', settled_at = moment, last_error = 'the endpoint was deleted'
    where d.endpoint_id = $2 and d.ledger_id = $1 and d.status = 'pending';
    return true;
end $_$;

CREATE FUNCTION zerosum.derive_postings(l bigint, kinds text[], requests ledger.request[], INOUT outcomes text[], INOUT bodies text[], INOUT firsts integer[], INOUT lasts integer[], INOUT postings ledger.posting[], OUT derives boolean) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
#variable_conflict use_column
declare
    given constant int := cardinality(postings);
    made ledger.posting[]; refusals text[]; measured boolean;
    known record;
    posting ledger.posting; i int;
begin
    -- Two statements, since starting one costs as much as 20 rows of it, and few batches have
    -- both kinds.
    if kinds && array['capture', 'void'] then
        select array_agg(q.posting), array_agg(q.refusal), bool_or(q.sized) into made, refusals,
            measured
        from (select * from zerosum.derived_captures(l, requests, outcomes)) q;
    end if;
    if 'reversal' = any (kinds) then
        select made || array_agg(q.posting), refusals || array_agg(q.refusal),
            coalesce(measured, false) or bool_or(q.sized)
        into made, refusals, measured
        from (select * from zerosum.derived_reversals(l, requests, outcomes)) q;
    end if;

    derives := made is not null;
    if not derives then
        return;
    end if;
    for p in given + 1..given + cardinality(made) loop
        posting := made[p - given];
        posting.number := p;
        i := posting.request;
        if lasts[i] = 0 then
            firsts[i] := p;
        end if;
        lasts[i] := p;
        postings[p] := posting;
    end loop;

    if measured then
        for known in select * from zerosum.derived_faults(requests, postings) loop
            refusals[known.first - given] := coalesce(refusals[known.first - given], known.fault);
        end loop;
    end if;
    for d in 1..cardinality(refusals) loop
        continue when refusals[d] is null;
        i := made[d].request;
        outcomes[i] := 'refused';
        bodies[i] := refusals[d];
        -- A settled request refers to nothing: read_parts() must find no parts for it.
        for p in firsts[i]..lasts[i] loop
            posting := postings[p];
            posting.origin := null;
            postings[p] := posting;
        end loop;
    end loop;
end $$;

CREATE FUNCTION zerosum.derived_captures(l bigint, requests ledger.request[], outcomes text[]) RETURNS TABLE(posting ledger.posting, refusal text, sized boolean)
    LANGUAGE sql STABLE
    AS $$
    select row(null, c.number, c.source, case when c.goes_to = '@world' then '@world:' || c.asset
        else c.goes_to end,
            c.amount::numeric, c.origin, c.posting)::ledger.posting,
        case
            when c.posting is null then '{"code" : "unknown_hold"}'
            when c.posting > 1 and c.options ? 'amount' then '{"code" : "invalid_postings"}'
            when c.goes_to = c.source then '{"code" : "same_wallet"}'
        end,
        c.posting > 30 or c.options ? 'postings'
    from (
        select a.number, a.options, a.origin, h.posting, h.source, h.asset,
            case when a.kind = 'capture' and (h.one is not null or not a.options ? 'postings')
                then coalesce(h.one ->> 'destination', a.options ->> 'destination',
                    h.destination) end as goes_to,
            coalesce(h.one, a.options) ->> 'amount' as amount
        from (
            select r.number, r.kind, r.options, (r.options ->> 'hold')::bigint as origin
            from unnest(requests) r
            where r.kind in ('capture', 'void') and outcomes[r.number] is null
        ) a
        left join lateral (
            select h.posting, h.source, h.destination, h.asset,
                case when a.options ? 'postings'
                    then (select n.one from zerosum.named_part(a.options, h.posting) n) end as one
            from ledger.hold_postings h
            where h.ledger_id = l and h.hold_id = a.origin order by h.posting
        ) h on true
    ) c
$$;

CREATE FUNCTION zerosum.derived_faults(requests ledger.request[], postings ledger.posting[]) RETURNS TABLE(first integer, fault text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    return query
    select f.first, f.fault
    from (
        select u.first,
            case when u.found <> jsonb_array_length(u.options -> 'postings')
                then '{"code" : "invalid_postings"}'
                when u.size > 30 and zerosum.event_size(u.ids, u.size, u.metadata)
                    + case when u.options ? 'force' then u.ids + u.size * 70 else 0 end > 50800
                    then '{"code" : "transaction_too_large"}' end as fault
        from (
            select min(p.number) as first, count(*) as size, count(p.destination) as found,
                sum(length(p.source) + coalesce(length(p.destination), 0)) as ids,
                (requests[p.request]).options, (requests[p.request]).metadata
            from unnest(postings) p
            where (requests[p.request]).kind in ('capture', 'void', 'reversal')
            group by p.request
        ) u
    ) f
    where f.fault is not null;
end $$;

CREATE FUNCTION zerosum.derived_reversals(l bigint, requests ledger.request[], outcomes text[]) RETURNS TABLE(posting ledger.posting, refusal text, sized boolean)
    LANGUAGE sql STABLE
    AS $$
    select row(null, c.number, case when c.takes then c.source end,
        case when c.takes then c.destination end,
            c.amount::numeric, case when c.takes then c.origin end, c.posting)::ledger.posting,
        case
            when c.of_kind is null then '{"code" : "unknown_transaction"}'
            when c.of_kind in ('hold', 'void', 'reversal') then '{"code" : "not_reversible"}'
            when c.posting > 1 and c.options ? 'amount' then '{"code" : "invalid_postings"}'
        end,
        c.posting > 30 or c.options ? 'postings'
    from (
        select a.number, a.options, a.origin, p.of_kind, p.posting, p.source, p.destination,
            p.one is not null or not a.options ? 'postings' as takes,
            coalesce(p.one, a.options) ->> 'amount' as amount
        from (
            select r.number, r.options, (r.options ->> 'transaction')::bigint as origin
            from unnest(requests) r
            where r.kind = 'reversal' and outcomes[r.number] is null
        ) a
        left join lateral (
            select t.kind as of_kind, d.posting, d.wallet_id as source, s.wallet_id as destination,
                case when a.options ? 'postings'
                    then (select n.one from zerosum.named_part(a.options, d.posting) n) end as one
            from ledger.transactions t
            left join lateral (
                select * from ledger.entries d
                where d.ledger_id = l and d.transaction_id = t.id and d.amount > 0
                    order by d.posting offset 0
            ) d on true
            left join lateral (
                select * from ledger.entries s
                where s.ledger_id = l and s.transaction_id = t.id and s.posting between d.posting
                    and d.posting and s.amount < 0
                order by s.posting limit 1
            ) s on true
            where t.ledger_id = l and t.id = a.origin
        ) p on true
    ) c
    -- (Keep the first row, without wallets, so that a request with no postings found is still
    -- returned.)
    where c.takes or c.posting is null or c.posting = 1
$$;

CREATE FUNCTION zerosum.details_json(reference text, description text, metadata jsonb, effective text, recorded text, key text) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select concat('"reference":', coalesce(to_json(reference)::text, 'null'),
        ',"description":', coalesce(to_json(description)::text, 'null'),
        ',"metadata":', metadata, ',"effective_at":', effective, ',"recorded_at":', recorded,
        ',"idempotency_key":', case when starts_with(key, chr(127)) then 'null'
            else to_json(key)::text end)
$$;

CREATE FUNCTION zerosum.diagnosis() RETURNS TABLE(version integer, in_recovery boolean, moment timestamp with time zone, connections integer, max_connections integer, oldest_transaction_s double precision, xid_age bigint, database_bytes bigint, archived_at timestamp with time zone, archive_failed_at timestamp with time zone, privileged boolean)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select current_setting('server_version_num')::int, pg_is_in_recovery(), clock_timestamp(),
        (select count(*)::int from pg_stat_activity a where a.backend_type = 'client backend'),
        current_setting('max_connections')::int
            - current_setting('superuser_reserved_connections')::int,
        coalesce((
            select extract(epoch from clock_timestamp() - min(a.xact_start))
            from pg_stat_activity a
            where a.datname = current_database() and a.pid <> pg_backend_pid()
                and a.backend_type = 'client backend'), 0)::float8,
        (select age(d.datfrozenxid)::bigint from pg_database d
            where d.datname = current_database()),
        pg_database_size(current_database()),
        (select a.last_archived_time from pg_stat_archiver a),
        (select a.last_failed_time from pg_stat_archiver a),
        (select r.rolsuper from pg_roles r where r.rolname = current_user)
            or pg_has_role(current_user, (
                select c.relowner from pg_class c where c.oid = 'ledger.wallets'::regclass),
                'usage')
$$;

CREATE FUNCTION zerosum.disable_endpoint(ledger bigint, endpoint bigint, reason text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    moment constant timestamptz := clock_timestamp();
    p ledger.endpoints;
begin
    update ledger.endpoints e set disabled_at = moment, disabled_reason = $3
    where e.ledger_id = $1 and e.id = $2 and e.disabled_at is null and e.deleted_at is null
    returning * into p;
    if p.id is null then
        return false;
    end if;
    perform zerosum.endpoint_event(p, 'endpoint.disabled', p.disabled_at);
    return true;
end $_$;

CREATE FUNCTION zerosum.dismiss_deliveries(ledger bigint, endpoint bigint, after bigint, upto bigint) RETURNS TABLE(dismissed bigint, more boolean)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $_$
    with dead as materialized (
        select d.seq from ledger.deliveries d
        where d.endpoint_id = $2 and d.ledger_id = $1 and d.status = 'dead' and d.seq > $3
            and d.seq <= $4
        order by d.seq limit 10000 for update
    ), gone as (
        update ledger.deliveries d set status = 'dismissed'
        where d.endpoint_id = $2 and d.ledger_id = $1 and d.seq = any (array(select seq from dead))
        returning d.seq
    )
    select count(*), count(*) = 10000 from gone
$_$;

CREATE FUNCTION zerosum.draw_xid() RETURNS text
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select pg_current_xact_id()::text
$$;

CREATE FUNCTION zerosum.due_checkpoints(holder text, seconds double precision) RETURNS TABLE(ledger_id bigint, name text, epoch bigint, size bigint, root bytea)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select f.ledger_id, zerosum.log_name(f.ledger_id), f.epoch, f.last_seq,
        zerosum.log_root(f.ledger_id, 0, f.last_seq)
    from ledger.feeds f
    where f.holder = $1 and f.until > clock_timestamp()
        and f.checkpoint_at + make_interval(secs => $2) <= clock_timestamp()
        and f.last_seq > f.checkpoint_size + case when f.checkpoint_size > 0 then 1 else 0 end
$_$;

CREATE FUNCTION zerosum.enable_endpoint(ledger bigint, endpoint bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    p ledger.endpoints;
begin
    update ledger.endpoints e set disabled_at = null, disabled_reason = null,
        failing_since = null, warned_at = null
    where e.ledger_id = $1 and e.id = $2 and e.disabled_at is not null and e.deleted_at is null
    returning * into p;
    if p.id is not null then
        perform zerosum.endpoint_event(p, 'endpoint.enabled');
    end if;
    return exists (
        select from ledger.endpoints e where e.ledger_id = $1 and e.id = $2
            and e.deleted_at is null);
end $_$;

CREATE FUNCTION zerosum.end_backend(pid integer, lost_s double precision) RETURNS boolean
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET client_min_messages TO 'error'
    AS $_$
    select coalesce(bool_and(pg_terminate_backend(a.pid, 500)), true)
    from pg_stat_activity a
    where a.pid = $1 and a.pid <> pg_backend_pid()
        and a.backend_start < clock_timestamp() - make_interval(secs => $2)
$_$;

CREATE FUNCTION zerosum.end_import(ledger bigint) RETURNS TABLE(size bigint, root bytea)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    last_id constant bigint := zerosum.last_transaction(l);
begin
    size := zerosum.last_event(l);
    update ledger.feeds f set last_seq = size where f.ledger_id = l;
    perform zerosum.fill_tiles(l, size);
    root := zerosum.log_root(l, 0, size);
    if last_id > (select s.last_value from ledger.transaction_id s) then
        perform setval('ledger.transaction_id', last_id);
    end if;
    return next;
end $$;

CREATE FUNCTION zerosum.end_session(token_hash bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    delete from ledger.sessions s where s.token_hash = $1
$_$;

CREATE FUNCTION zerosum.endpoint_event(p ledger.endpoints, type text, at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    event constant uuid := gen_random_uuid();
begin
    insert into ledger.outbox (ledger_id, ord, id, aggregatetype, aggregateid, type, payload,
        recorded_at)
    values (p.ledger_id, nextval('ledger.outbox_ord'), event, 'endpoint', p.id::text, $2,
        zerosum.endpoint_json(p), coalesce($3, clock_timestamp()));
    return event;
end $_$;

CREATE FUNCTION zerosum.endpoint_json(p ledger.endpoints) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select concat('{"id":', p.id, ',"url":', to_json(p.url), ',"types":', to_json(p.types),
        ',"wallets":', to_json(p.wallets), ',"kinds":', to_json(p.kinds),
        ',"header_names":', to_json(p.header_names), ',"amounts":"', p.amounts,
        '","timeout_s":', p.timeout_s, ',"concurrency":', p.concurrency,
        ',"ordered":', p.ordered::text,
        ',"rate_limit":', coalesce(to_json(p.rate_limit)::text, 'null'),
        (
            select concat(',"signing":"', case when bool_or(s.expires_at is null
                    and s.public_key is not null) then 'asymmetric' else 'symmetric' end,
                '","public_keys":', coalesce(json_agg('whpk_' || encode(s.public_key, 'base64'))
                    filter (where s.public_key is not null)::text, '[]'),
                ',"old_secrets_expire_at":', coalesce(zerosum.time_json(max(s.expires_at)), 'null'))
            from zerosum.live_secrets(p.ledger_id, p.id) s
        ),
        ',"status":"', case when p.disabled_at is null then 'enabled' else 'disabled' end,
        '","disabled_reason":', coalesce(to_json(p.disabled_reason)::text, 'null'),
        ',"failing_since":', coalesce(zerosum.time_json(p.failing_since), 'null'),
        ',"description":', coalesce(to_json(p.description)::text, 'null'),
        ',"metadata":', p.metadata, ',"created_at":', zerosum.time_json(p.created_at), '}')
$$;

CREATE FUNCTION zerosum.endpoint_states() RETURNS TABLE(ledger text, endpoint bigint, state text, behind bigint, pending bigint, dead bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
    select g.name, p.id,
        case when p.disabled_at is not null then 'disabled'
            when p.failing_since is not null then 'failing' else 'enabled' end,
        greatest(f.last_seq - p.sent_seq, 0),
        (select count(*) from (
            select from ledger.deliveries d
            where d.endpoint_id = p.id and d.ledger_id = p.ledger_id and d.status = 'pending'
            limit 10000) x),
        (select count(*) from (
            select from ledger.deliveries d
            where d.endpoint_id = p.id and d.ledger_id = p.ledger_id and d.status = 'dead'
            limit 10000) x)
    from ledger.endpoints p
    join ledger.ledgers g on g.ledger_id = p.ledger_id
    join ledger.feeds f on f.ledger_id = p.ledger_id
    where p.deleted_at is null
    order by g.name, p.id
$$;

CREATE FUNCTION zerosum.entry_bundle(ledger bigint, number bigint, width integer) RETURNS bytea
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $_$
    select string_agg(substr(int4send(octet_length(v.body)), 3) || convert_to(v.body, 'UTF8'),
        '' order by v.seq)
    from zerosum.feed($1, least($2, 1::bigint << 54) * 256, least($2, 1::bigint << 54) * 256 + $3) v
    where $2 >= 0 and $3 between 1 and 256
    having count(*) = $3
$_$;

CREATE FUNCTION zerosum.entry_json(wallet text, amount numeric, balance numeric, version bigint) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select concat('{"wallet":"', wallet, '","amount":', amount, ',"balance":', balance,
        ',"version":', version, '}')
$$;

CREATE FUNCTION zerosum.event_matches(type text, body text, types text[], wallets text[], kinds text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $_$
    select zerosum.type_matches($1, $3) and case
        when '*' = any ($4) and '*' = any ($5) then true
        else zerosum.data_matches($1, $2::json -> 'data', $4, $5) end
$_$;

CREATE FUNCTION zerosum.event_size(ids bigint, size bigint, metadata jsonb) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$
    select ids * 2 + size * 420 + octet_length(coalesce(metadata, '{}')::text)
$$;

CREATE FUNCTION zerosum.events_at(ledger bigint, seqs bigint[]) RETURNS TABLE(seq bigint, id uuid, type text, body text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $_$
    select v.seq, v.id, v.type, v.body
    from (select distinct x.seq from unnest($2) x (seq)) s
    cross join lateral (
        select * from ledger.events v where v.ledger_id = $1 and v.seq = s.seq limit 1
    ) v
    union all
    select b.number * 256 + u.i, u.id, u.type, u.body
    from (select distinct (x.seq - 1) / 256 as number from unnest($2) x (seq)) s
    cross join lateral (
        select * from ledger.event_bundles b where b.ledger_id = $1 and b.number = s.number limit 1
    ) b
    cross join lateral unnest(b.ids, b.types, b.bodies) with ordinality u (id, type, body, i)
    where b.number * 256 + u.i = any ($2)
$_$;

CREATE FUNCTION zerosum.exchange_session(link_hash bytea, token_hash bytea, seconds double precision) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
declare
    link ledger.sessions;
begin
    delete from ledger.sessions s where s.token_hash = $1 and s.once returning * into link;
    return link.expires_at > clock_timestamp()
        and zerosum.create_session($2, link.key_hash, $3);
end $_$;

CREATE FUNCTION zerosum.expected_triggers() RETURNS TABLE(name text, digest text)
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select x.name, x.digest from (values
        ('entries.entries_append', '3a4ae9cbf95b349f05af509196ad13f0'),
        ('entries.entries_balance', '2130151c794041d897e6294a9e3b13df'),
        ('entries.entries_truncate', '0d99c193c7aba4eb92cf9c9895019254'),
        ('event_bundles.event_bundles_append', 'adc38aaf6bc20aa1f86e1c28dc553bfe'),
        ('event_bundles.event_bundles_purged', '074d196c0797fd5cc4cd10d083f7e006'),
        ('event_bundles.event_bundles_truncate', 'dfcfb7bec5708fbb69add6aa08f6adae'),
        ('events.events_append', 'd959c7fa12b848a93a68638c35e9d028'),
        ('events.events_bundled', '951c6f8e507cdf9d4fad5a44eed461ad'),
        ('events.events_truncate', 'ce71311c7815015980ff960ab1de133e'),
        ('hold_postings.hold_postings_fixed', '78c73266f98a34cca4300f0cc49ae685'),
        ('hold_postings.hold_postings_forward', '4c8034ad705c83130f756db21efff9c7'),
        ('hold_postings.hold_postings_keep', '9b65383eb21ea7ce4ce13f5e87ebbcde'),
        ('hold_postings.hold_postings_truncate', '3fcd6f652bd54f12d32776b25a672a4a'),
        ('outbox.outbox_fixed', '397afa3a19f4683d6abf37425645fa77'),
        ('outbox.outbox_notify', '514efee3c01e45475d8c6dd1f3acc0fb'),
        ('outbox.outbox_truncate', '92139ff199d6f502f9fe132956b76467'),
        ('purged_bundles.purged_bundles_append', '119b8aba4b20d60a9cc0a901d6a1cfc0'),
        ('purged_bundles.purged_bundles_truncate', '2636e5c0277cc855544d10eb3ca82ff0'),
        ('restorations.restorations_append', 'b196bf18489540ceababde05dd2ffa2b'),
        ('restorations.restorations_truncate', '1ac9f8ef04b095fb0490d90415d710fd'),
        ('reversed_postings.reversed_postings_forward', 'e53ef1964f476a413a60018e273a482f'),
        ('reversed_postings.reversed_postings_keep', '424ee6e19f690a7e5de30b7b2704d8ff'),
        ('reversed_postings.reversed_postings_truncate', '2db394b68e3cc67f65aeba453ff55384'),
        ('tiles.tiles_append', 'a82bbf202be0664028005e0ca619cb24'),
        ('tiles.tiles_truncate', '640948ee779bc48fc2b8c2e4da7b1771'),
        ('transactions.transactions_append', '4b6124f8ab1b6448871c8c3ea886d48b'),
        ('transactions.transactions_truncate', '11bba321a570be5e65300dddf7cdcd7e'),
        ('wallets.wallets_account', '4ca350f649d5b36e624f93434be37c9e'),
        ('wallets.wallets_empty', '6d6395d81d75004779ab33ed3cae8e12'),
        ('wallets.wallets_fixed', '3dd5ef61e6cb6dbd48fc5e0a0ce55225'),
        ('wallets.wallets_keep', '78f4b5be489948fa079ced762cc14fcb'),
        ('wallets.wallets_truncate', '574a8d7738eed5cad62d26d3df257b91'),
        ('wallets.wallets_world', '4aea55a509db28d178353a2223c91af2')
    ) x (name, digest)
$$;

CREATE FUNCTION zerosum.expire_holds(ledger bigint, max_holds integer, wait boolean) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    SET lock_timeout TO '200ms'
    AS $_$
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
end $_$;

CREATE FUNCTION zerosum.export_lines(ledger bigint, part text, after text, max integer) RETURNS TABLE(place text, line text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $_$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    past constant bigint := case when after ~ '^[0-9]+$' then after::bigint else 0 end;
    low bigint;
begin
    if part = 'asset' then
        return query
            select a.code, jsonb_build_object('part', part, 'code', a.code, 'scale', a.scale)::text
            from ledger.assets a where a.ledger_id = l and a.code > after order by a.code limit max;
    elsif part = 'transaction' then
        return query
            select t.id::text, (jsonb_build_object('part', part) || to_jsonb(t) - 'ledger_id'
                || jsonb_build_object('fingerprint', encode(t.fingerprint, 'hex'), 'entries',
                    e.entries))::text
            from (
                -- (The sum spells the index that only lists use.)
                select * from ledger.transactions t
                where (t.ledger_id + 0, t.id) > (l, past)
                    and (t.ledger_id + 0, t.id) <= (l, 9223372036854775807)
                    order by t.ledger_id + 0, t.id limit max
            ) t
            cross join lateral (
                select coalesce(jsonb_agg(jsonb_build_object('posting', e.posting, 'wallet',
                    e.wallet_id,
                    'version', e.version, 'asset', e.asset, 'amount', e.amount, 'balance',
                    e.balance)
                    order by e.posting, e.amount), '[]') as entries
                from ledger.entries e where e.transaction_id = t.id and e.ledger_id = l
            ) e
            order by t.id;
    elsif part = 'hold' then
        return query
            select h.hold_id::text, jsonb_build_object('part', part, 'id', h.hold_id, 'expires_at',
                h.expires_at,
                'settled_at', h.settled_at, 'status', h.status, 'postings', p.postings)::text
            from (
                select * from ledger.hold_postings h
                where h.ledger_id = l and h.posting = 1 and h.hold_id > past
                    order by h.hold_id limit max
            ) h
            cross join lateral (
                select jsonb_agg(to_jsonb(p) - array['ledger_id', 'hold_id', 'expires_at', 'due_at',
                    'settled_at', 'status']
                    order by p.posting) as postings
                from ledger.hold_postings p where p.hold_id = h.hold_id and p.ledger_id = l
            ) p
            order by h.hold_id;
    elsif part = 'reversed' then
        return query
            select r.transaction_id::text,
                jsonb_build_object('part', part, 'transaction_id', r.transaction_id, 'postings',
                jsonb_agg(to_jsonb(r) - array['ledger_id', 'transaction_id']
                    order by r.posting))::text
            from ledger.reversed_postings r where r.ledger_id = l and r.transaction_id > past
            group by r.transaction_id order by r.transaction_id limit max;
    elsif part = 'wallet' then
        return query
            select w.id::text, (jsonb_build_object('part', part) || to_jsonb(w) - 'ledger_id'
                || jsonb_build_object('recorded_at', nullif(w.recorded_at, '-infinity')))::text
            from ledger.wallets w where w.ledger_id = l and w.id > after order by w.id limit max;
    elsif part = 'purged' then
        -- The place is the tile's number and 1, since a place is never 0.
        return query
            select (p.number + 1)::text, (jsonb_build_object('part', part) || to_jsonb(p)
                - 'ledger_id' || jsonb_build_object('hashes', encode(t.hashes, 'hex')))::text
            from ledger.purged_bundles p
            join ledger.tiles t on t.ledger_id = l and t.level = 0 and t.number = p.number
            where p.ledger_id = l and p.number >= past order by p.number limit max;
    elsif part = 'event' then
        low := greatest(past, zerosum.purged_seq(l));
        return query
            select v.seq::text, (jsonb_build_object('part', part) || to_jsonb(v) - 'leaf')::text
            from zerosum.feed(l, low, low + max) v order by v.seq;
    elsif part = 'outbox' then
        return query
            select o.ord::text,
                (jsonb_build_object('part', part) || to_jsonb(o) - 'ledger_id')::text
            from ledger.outbox o where o.ledger_id = l and o.ord > past order by o.ord limit max;
    elsif part = 'restoration' then
        return query
            select r.number::text,
                (jsonb_build_object('part', part) || to_jsonb(r) - 'ledger_id')::text
            from ledger.restorations r where r.ledger_id = l and r.number > past
            order by r.number limit max;
    end if;
end $_$;

CREATE FUNCTION zerosum.failed_heads(ledger bigint, endpoint bigint, seconds double precision) RETURNS TABLE(seq bigint, failed_s double precision, type text, body text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $_$
    with heads as materialized (
        select d.seq, extract(epoch from clock_timestamp() - (
            select min(a.at) from ledger.attempts a
            where a.endpoint_id = d.endpoint_id and a.ledger_id = d.ledger_id and a.seq = d.seq
        )) as failed_s
        from ledger.deliveries d
        where d.ledger_id = $1 and d.endpoint_id = $2 and d.status = 'pending' and d.attempts > 0
    )
    select h.seq, h.failed_s::float8, v.type, v.body
    from heads h
    join zerosum.events_at($1, array(select h.seq from heads h where h.failed_s < $3)) v
        on v.seq = h.seq
    where h.failed_s < $3
$_$;

CREATE FUNCTION zerosum.feed(ledger bigint, after bigint, upto bigint) RETURNS TABLE(seq bigint, transaction_id bigint, recorded_at timestamp with time zone, id uuid, type text, leaf bytea, body text)
    LANGUAGE sql STABLE
    AS $_$
    select v.seq, v.transaction_id, v.recorded_at, v.id, v.type, v.leaf, v.body
    from ledger.events v where v.ledger_id = $1 and v.seq > $2 and v.seq <= $3
    union all
    select b.number * 256 + u.i, u.transaction_id, u.recorded_at, u.id, u.type,
        sha256(E'\\x00' || convert_to(u.body, 'UTF8')), u.body
    from ledger.event_bundles b
    cross join lateral unnest(b.transaction_ids, b.recorded_ats, b.ids, b.types, b.bodies)
        with ordinality u (transaction_id, recorded_at, id, type, body, i)
    where b.ledger_id = $1 and b.number >= $2 / 256 and b.number <= ($3 - 1) / 256
        and b.number * 256 + u.i > $2 and b.number * 256 + u.i <= $3
$_$;

CREATE FUNCTION zerosum.feed_ends(ledgers bigint[]) RETURNS TABLE(ledger_id bigint, last_seq bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select f.ledger_id, f.last_seq from ledger.feeds f where f.ledger_id = any ($1)
$_$;

CREATE FUNCTION zerosum.fill_tiles(ledger bigint, size bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
    l constant bigint := ledger;
    at smallint := 0;
    full_tiles bigint := size / 256;
    next bigint;
    hashes bytea[];
    joined bytea;
begin
    while full_tiles > 0 loop
        next := coalesce((
            select t.number + 1 from ledger.tiles t where t.ledger_id = l and t.level = at
            order by t.number desc limit 1), 0);
        exit when next >= full_tiles;
        for number in next..full_tiles - 1 loop
            if at = 0 then
                select array_agg(v.leaf), string_agg(v.leaf, '') into hashes, joined
                from (
                    select v.leaf from ledger.events v
                    where v.ledger_id = l and v.seq > number * 256 and v.seq <= number * 256 + 256
                        order by v.seq
                ) v;
            else
                hashes := zerosum.tile_hashes(l, at, number, 0, 256);
                joined := (select string_agg(h.hash, '' order by h.i)
                    from unnest(hashes) with ordinality h (hash, i));
            end if;
            insert into ledger.tiles (ledger_id, level, number, root, hashes)
            select g.ledger_id, at, number, zerosum.hashes_root(hashes), joined
            from ledger.ledgers g where g.ledger_id = l;
        end loop;
        at := at + 1;
        full_tiles := full_tiles / 256;
    end loop;
end $$;

CREATE FUNCTION zerosum.find_deliveries(ledger bigint, endpoint bigint, before bigint, max integer, wanted text, OUT seqs bigint[], OUT past bigint) RETURNS record
    LANGUAGE plpgsql STABLE
    AS $_$
declare
    high constant bigint := coalesce(before, 9223372036854775807);
    most constant int := greatest(max, 10000);
begin
    if wanted = 'dead' then
        seqs := array(
            select d.seq from ledger.deliveries d
            where d.endpoint_id = $2 and d.ledger_id = $1 and d.seq < high and d.status = 'dead'
            order by d.seq desc limit max);
        return;
    end if;
    seqs := array(
        select d.seq
        from (
            select d.seq, d.status from ledger.deliveries d
            where d.endpoint_id = $2 and d.ledger_id = $1 and d.seq < high
            order by d.seq desc limit most
        ) d
        where wanted is null or d.status = wanted
        order by d.seq desc limit max);
    if cardinality(seqs) < max then
        past := (
            select d.seq from ledger.deliveries d
            where d.endpoint_id = $2 and d.ledger_id = $1 and d.seq < high
            order by d.seq desc offset most - 1 limit 1);
    end if;
end $_$;

CREATE FUNCTION zerosum.find_keys(key_hashes bytea[]) RETURNS TABLE(key_hash bytea, ledger_id bigint, ledger_name text, scope text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
    select k.key_hash, k.ledger_id, g.name, k.scope
    from unnest($1) h (hash)
    cross join lateral (
        select k.* from ledger.api_keys k where k.key_hash = h.hash
            and k.revoked_at is null offset 0
    ) k
    join ledger.ledgers g on g.ledger_id = k.ledger_id
$_$;

CREATE FUNCTION zerosum.find_repeats(requests ledger.request[]) RETURNS integer[]
    LANGUAGE plpgsql
    AS $$
begin
    return array(
        select lag(r.number) over (partition by r.key order by r.number)
        from unnest(requests) r
        order by r.number
    );
end $$;

CREATE FUNCTION zerosum.find_session(token_hash bytea) RETURNS TABLE(key_hash bytea, ledger_id bigint, ledger_name text, scope text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
    select k.key_hash, k.ledger_id, g.name, k.scope
    from ledger.sessions s
    join ledger.api_keys k on k.key_hash = s.key_hash
    join ledger.ledgers g on g.ledger_id = k.ledger_id
    where s.token_hash = $1 and not s.once and s.expires_at > clock_timestamp()
        and k.revoked_at is null
$_$;

CREATE FUNCTION zerosum.followed_time(changed_at timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql
    AS $$
    select case when changed_at <= clock_timestamp() + interval '1 minute' then changed_at end
$$;

CREATE FUNCTION zerosum.freeze_wallet(ledger bigint, id text, credits boolean DEFAULT false, admin boolean DEFAULT false) RETURNS TABLE(outcome text, body text)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select * from zerosum.set_wallet_status($1, $2, 'frozen', $3, 'wallet.frozen', $4)
$_$;

CREATE FUNCTION zerosum.has_keys(ledger bigint) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select exists (select from ledger.api_keys k where k.ledger_id = $1 and k.revoked_at is null)
$_$;

CREATE FUNCTION zerosum.hashes_root(hashes bytea[]) RETURNS bytea
    LANGUAGE plpgsql IMMUTABLE STRICT
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    n int := cardinality(hashes);
    node constant bytea := E'\\x01';
begin
    while n > 2 loop
        n := n / 4;
        for i in 1..n loop
            hashes[i] := sha256(node || sha256(node || hashes[4 * i - 3] || hashes[4 * i - 2])
                || sha256(node || hashes[4 * i - 1] || hashes[4 * i]));
        end loop;
    end loop;
    return case when n = 2 then sha256(node || hashes[1] || hashes[2]) else hashes[1] end;
end $$;

CREATE FUNCTION zerosum.hold(ledger bigint, source text, destination text, amount numeric, key text DEFAULT NULL::text, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, reference text DEFAULT NULL::text, description text DEFAULT NULL::text, metadata jsonb DEFAULT NULL::jsonb, effective_at timestamp with time zone DEFAULT NULL::timestamp with time zone, conditions jsonb DEFAULT NULL::jsonb) RETURNS TABLE(replayed boolean, transaction json)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    told record;
begin
    told := zerosum.run(ledger, 'hold', source, destination, amount, key, reference, description,
        metadata,
        effective_at, conditions, case when expires_at is not null
            then jsonb_build_object('expires_at', zerosum.time_json(expires_at)::jsonb) end);
    replayed := told.replayed;
    transaction := told.transaction;
    return next;
end $$;

CREATE FUNCTION zerosum.hold_expiries(requests ledger.request[], moves ledger.move[], slots jsonb) RETURNS timestamp with time zone[]
    LANGUAGE plpgsql STABLE
    AS $$
declare
    move ledger.move;
    slot int;
    expiries timestamptz[];
begin
    foreach move in array moves loop
        if move.from_version is null then
            slot := (slots -> move.source)::int;
            expiries[slot] := least(expiries[slot],
                (requests[move.request].options ->> 'expires_at')::timestamptz);
        end if;
    end loop;
    return expiries;
end $$;

CREATE FUNCTION zerosum.hold_extra(request ledger.request, moves ledger.move[]) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
declare
    move ledger.move;
    asset text := moves[1].asset;
    total numeric := 0;
begin
    foreach move in array moves loop
        total := case when move.asset = asset then total + move.amount end;
    end loop;
    return concat(zerosum.hold_state_json('pending', total, total - total, total), ',"expires_at":',
        coalesce(zerosum.time_json((request.options ->> 'expires_at')::timestamptz), 'null'));
end $$;

CREATE TABLE ledger.hold_postings (
    ledger_id bigint NOT NULL,
    hold_id bigint NOT NULL,
    expires_at timestamp with time zone,
    posting smallint NOT NULL,
    source text NOT NULL COLLATE pg_catalog."C",
    destination text NOT NULL COLLATE pg_catalog."C",
    asset text NOT NULL COLLATE pg_catalog."C",
    amount ledger.amount NOT NULL,
    captured ledger.quantity DEFAULT 0 NOT NULL,
    held ledger.quantity NOT NULL,
    status ledger.hold_status DEFAULT 'pending'::text NOT NULL,
    settled_at timestamp with time zone,
    due_at timestamp with time zone,
    CONSTRAINT hold_postings_state CHECK (((((captured)::numeric + (held)::numeric) <= (amount)::numeric) AND ((settled_at IS NULL) = ((status)::text = 'pending'::text)) AND ((settled_at IS NULL) OR ((held)::numeric = (0)::numeric))))
)
WITH (fillfactor='60');

CREATE FUNCTION zerosum.hold_json(h ledger.hold_postings) RETURNS text
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
    select concat('{"id":', h.hold_id, ',', zerosum.hold_state_json(
            case when x.expired then 'expired' else h.status end,
                case when p.pure then p.amount end,
            case when p.pure then p.captured end,
            case when not p.pure then null when x.expired then 0 else p.held end),
        ',"expires_at":', coalesce(zerosum.time_json(h.expires_at), 'null'), ',"postings":[',
        p.postings,
        '],"transactions":[', (
            select string_agg(t.id::text, ',' order by t.id) from (
                select t.id from (
                    select t.id from ledger.transactions t
                    where t.origin_id = h.hold_id and t.ledger_id = h.ledger_id offset 0
                ) t order by t.id desc limit 100
            ) t),
        '],', zerosum.details_json(t.reference, t.description, t.metadata,
            zerosum.time_json(t.effective_at),
            zerosum.time_json(t.recorded_at), t.key), '}')
    from (select h.status = 'pending' and h.expires_at <= clock_timestamp() as expired) x
    cross join lateral (
        select sum(p.amount) as amount, sum(p.captured) as captured, sum(p.held) as held,
            min(p.asset) = max(p.asset) as pure,
            string_agg(concat('{"source":"', p.source, '","destination":"', p.destination,
                '","amount":', p.amount,
                ',"asset":"', p.asset, '","captured":', p.captured, ',"remaining":',
                case when x.expired then 0 else p.held end, '}'), ',' order by p.posting)
                    as postings
        from ledger.hold_postings p where p.hold_id = h.hold_id and p.ledger_id = h.ledger_id
    ) p
    cross join lateral (
        select * from ledger.transactions t where t.id = h.hold_id
            and t.ledger_id = h.ledger_id limit 1
    ) t
$$;

CREATE FUNCTION zerosum.hold_state_json(status text, amount numeric, captured numeric, remaining numeric) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select concat('"status":"', status, '","amount":', coalesce(amount::text, 'null'),
        ',"captured":', coalesce(captured::text, 'null'), ',"remaining":',
        coalesce(remaining::text, 'null'))
$$;

CREATE FUNCTION zerosum.identity() RETURNS TABLE(deployment text, run text, mac_key bytea)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select encode(substr(sha256(i.secret || x.place), 1, 8), 'hex'),
        encode(substr(sha256(i.secret || x.place || x.start), 1, 8), 'hex'),
        sha256(i.secret || x.place || x.start || convert_to('mac', 'UTF8'))
    from ledger.identity i
    cross join (
        select convert_to(concat_ws('/', d.oid, d.datname, s.system_identifier), 'UTF8') as place,
            convert_to('/' || extract(epoch from pg_postmaster_start_time()), 'UTF8') as start
        from pg_database d, pg_control_system() s where d.datname = current_database()
    ) x
$$;

CREATE FUNCTION zerosum.import_lines(ledger bigint, part text, lines jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
begin
    if part = 'asset' then
        insert into ledger.assets (ledger_id, code, scale)
        select l, x.code, x.scale from jsonb_to_recordset(lines) x (code text, scale smallint)
        on conflict do nothing;
    elsif part = 'transaction' then
        insert into ledger.transactions (ledger_id, id, effective_at, recorded_at, kind, key,
            fingerprint, reference,
            description, metadata, origin_id, extra)
        select l, x.id, x.effective_at, x.recorded_at, x.kind, x.key, decode(x.fingerprint, 'hex'),
            x.reference,
            x.description, x.metadata, x.origin_id, x.extra
        from jsonb_to_recordset(lines) x (id bigint, effective_at timestamptz,
            recorded_at timestamptz, kind text, key text,
            fingerprint text, reference text, description text, metadata jsonb, origin_id bigint,
            extra text);
        insert into ledger.entries (ledger_id, version, transaction_id, recorded_at, posting,
            wallet_id, asset, amount, balance)
        select l, e.version, x.id, x.recorded_at, e.posting, e.wallet, e.asset, e.amount, e.balance
        from jsonb_to_recordset(lines) x (id bigint, recorded_at timestamptz, entries jsonb)
        cross join lateral jsonb_to_recordset(x.entries) e (
            version bigint, posting smallint, wallet text, asset text, amount numeric,
            balance numeric);
    elsif part = 'hold' then
        insert into ledger.hold_postings (ledger_id, hold_id, expires_at, due_at, settled_at,
            status, posting, source,
            destination, asset, amount, captured, held)
        select l, x.id, x.expires_at, case when x.status = 'pending' then x.expires_at end,
            x.settled_at, x.status,
            p.posting, p.source, p.destination, p.asset, p.amount, p.captured, p.held
        from jsonb_to_recordset(lines) x (id bigint, expires_at timestamptz, settled_at timestamptz,
            status text,
            postings jsonb)
        cross join lateral jsonb_to_recordset(x.postings) p (posting smallint, source text,
            destination text, asset text,
            amount numeric, captured numeric, held numeric);
    elsif part = 'reversed' then
        insert into ledger.reversed_postings (ledger_id, transaction_id, posting, amount, reversed)
        select l, x.transaction_id, p.posting, p.amount, p.reversed
        from jsonb_to_recordset(lines) x (transaction_id bigint, postings jsonb)
        cross join lateral jsonb_to_recordset(x.postings) p (posting smallint, amount numeric,
            reversed numeric);
    elsif part = 'wallet' then
        insert into ledger.wallets (ledger_id, id, asset, status, credits_while_frozen, min_balance,
            max_balance,
            floor_debt, next_expiry, metadata, created_at)
        select l, x.id, x.asset, x.status, x.credits_while_frozen, x.min_balance, x.max_balance,
            x.floor_debt,
            x.next_expiry, x.metadata, x.created_at
        from jsonb_to_recordset(lines) x (id text, asset text, status text,
            credits_while_frozen boolean,
            min_balance numeric, max_balance numeric, floor_debt numeric, next_expiry timestamptz,
            metadata jsonb,
            created_at timestamptz);
        update ledger.wallets w
        set posted = x.posted, held = x.held, version = x.version,
            recorded_at = coalesce(x.recorded_at, '-infinity')
        from jsonb_to_recordset(lines) x (id text, posted numeric, held numeric, version bigint,
            recorded_at timestamptz)
        where w.ledger_id = l and w.id = x.id;
    elsif part = 'purged' then
        insert into ledger.tiles (ledger_id, level, number, root, hashes)
        select l, 0, x.number, zerosum.hashes_root(array(
            select substr(h.hashes, i * 32 + 1, 32) from generate_series(0, 255) i)), h.hashes
        from jsonb_to_recordset(lines) x (number bigint, hashes text)
        cross join lateral (select decode(x.hashes, 'hex') as hashes) h;
        insert into ledger.purged_bundles (ledger_id, number, transaction_ids, ids, types)
        select l, x.number, x.transaction_ids, x.ids, x.types
        from jsonb_to_recordset(lines) x (number bigint, transaction_ids bigint[], ids uuid[],
            types text[]);
    elsif part = 'event' then
        insert into ledger.events (ledger_id, seq, transaction_id, recorded_at, id, type, leaf,
            body)
        select l, x.seq, x.transaction_id, x.recorded_at, x.id, x.type,
            sha256(E'\\x00' || convert_to(x.body, 'UTF8')), x.body
        from jsonb_to_recordset(lines) x (seq bigint, transaction_id bigint,
            recorded_at timestamptz, id uuid, type text,
            body text);
    elsif part = 'outbox' then
        insert into ledger.outbox (ledger_id, ord, id, aggregatetype, aggregateid, type, payload,
            transaction_id, recorded_at)
        select l, nextval('ledger.outbox_ord'), x.id, x.aggregatetype, x.aggregateid, x.type,
            x.payload, x.transaction_id,
            x.recorded_at
        from jsonb_to_recordset(lines) x (ord bigint, id uuid, aggregatetype text, aggregateid text,
            type text,
            payload text, transaction_id bigint, recorded_at timestamptz)
        order by x.ord;
    elsif part = 'restoration' then
        insert into ledger.restorations (ledger_id, number, kept_seq, restored_seq, restored_at)
        select l, x.number, x.kept_seq, x.restored_seq, x.restored_at
        from jsonb_to_recordset(lines) x (number int, kept_seq bigint, restored_seq bigint,
            restored_at timestamptz);
    else
        raise exception 'there is no part %', part using errcode = '22023';
    end if;
end $$;

CREATE FUNCTION zerosum.judge_endpoint(ledger bigint, endpoint bigint, arrived boolean, disable_after_s double precision) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    moment constant timestamptz := clock_timestamp();
    patience constant interval := make_interval(secs => disable_after_s);
    p ledger.endpoints;
begin
    if arrived then
        update ledger.endpoints e set failing_since = null, warned_at = null
        where e.ledger_id = $1 and e.id = $2 and e.failing_since is not null;
        return;
    end if;
    update ledger.endpoints e set failing_since = moment
    where e.ledger_id = $1 and e.id = $2 and e.failing_since is null;
    if disable_after_s = 0 then
        return;
    end if;
    select * into p from ledger.endpoints e where e.ledger_id = $1 and e.id = $2
        and e.disabled_at is null;
    if p.warned_at is null and p.failing_since <= moment - patience / 2 then
        update ledger.endpoints e set warned_at = moment where e.ledger_id = $1 and e.id = $2;
        perform zerosum.endpoint_event(p, 'endpoint.failing', moment);
    elsif p.failing_since <= moment - patience and p.warned_at <= moment - patience / 2 then
        perform zerosum.disable_endpoint($1, $2, concat('nothing has arrived since ',
            to_char(p.failing_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')));
    end if;
end $_$;

CREATE FUNCTION zerosum.keep_sinks(ledger bigint, names text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    moment constant timestamptz := clock_timestamp();
begin
    update ledger.sinks s set paused_at = moment, paused_by = 'settings'
    where s.ledger_id = $1 and s.configured and s.paused_at is null and s.name <> all ($2);
end $_$;

CREATE FUNCTION zerosum.kept_after(ledger bigint, after bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    purged constant bigint := zerosum.purged_seq(ledger);
begin
    if after > 0 and after < purged then
        perform zerosum.refuse_purged(purged);
    end if;
    return greatest(after, purged);
end $$;

CREATE SEQUENCE ledger.api_key_id
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE ledger.api_keys (
    key_hash bytea NOT NULL,
    ledger_id bigint NOT NULL,
    id bigint DEFAULT nextval('ledger.api_key_id'::regclass) NOT NULL,
    scope text DEFAULT 'admin'::text NOT NULL,
    hint text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT api_keys_hash_length CHECK ((octet_length(key_hash) = 32)),
    CONSTRAINT api_keys_scope_known CHECK ((scope = ANY (ARRAY['read'::text, 'write'::text, 'admin'::text])))
);

CREATE FUNCTION zerosum.key_json(k ledger.api_keys) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select concat('{"id":', k.id, ',"scope":"', k.scope, '","hint":', to_json(k.hint),
        ',"created_at":', zerosum.time_json(k.created_at),
        ',"revoked_at":', coalesce(zerosum.time_json(k.revoked_at), 'null'), '}')
$$;

CREATE FUNCTION zerosum.known_keys(l bigint, requests ledger.request[]) RETURNS ledger.known_key[]
    LANGUAGE plpgsql
    AS $$
begin
    return (
        select array_agg(row(r.number, t.id, t.fingerprint)::ledger.known_key)
        from unnest(requests) r
        cross join lateral (
            select t.id, t.fingerprint from ledger.transactions t
            where t.ledger_id = l and t.key = r.key limit 1
        ) t
    );
end $$;

CREATE FUNCTION zerosum.last_event(ledger bigint) RETURNS bigint
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select greatest(
        coalesce((select max(v.seq) from ledger.events v where v.ledger_id = $1), 0),
        coalesce((select (max(b.number) + 1) * 256 from ledger.event_bundles b
            where b.ledger_id = $1), 0),
        zerosum.purged_seq($1))
$_$;

CREATE FUNCTION zerosum.last_transaction(ledger bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE
    AS $_$
begin
    return coalesce((
        select t.id from ledger.transactions t
        where (t.ledger_id + 0, t.id) > ($1, 0)
            and (t.ledger_id + 0, t.id) <= ($1, 9223372036854775807)
        order by t.ledger_id + 0 desc, t.id desc limit 1), 0);
end $_$;

CREATE FUNCTION zerosum.last_verification(ledger bigint) RETURNS TABLE(body text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select concat('{"at":', zerosum.time_json(v.at), ',"seq":', v.seq, ',"faults":', v.faults, '}')
    from ledger.verifications v where v.ledger_id = $1
$_$;

CREATE FUNCTION zerosum.lease_page(ledger bigint, name text, lease text, seconds double precision, max integer) RETURNS TABLE(leased_s double precision, read_to bigint, at_end boolean, bodies text[], until timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    moment constant timestamptz := clock_timestamp();
    c ledger.consumers;
    page record;
    last bigint;
begin
    select * into c from ledger.consumers o where o.ledger_id = $1 and o.name = $2 for update;
    if not found then
        return;
    end if;
    if c.leased_until > moment and c.lease <> $3 then
        leased_s := extract(epoch from c.leased_until - moment);
        return next;
        return;
    end if;
    select * into page
    from zerosum.read_events($1, c.acknowledged_seq, $5, c.types, c.wallets, c.kinds);
    read_to := page.read_to;
    at_end := page.at_end;
    bodies := page.bodies;
    if cardinality(bodies) > 0 then
        until := moment + make_interval(secs => $4);
        last := page.seqs[cardinality(page.seqs)];
        update ledger.consumers o
        set lease = $3, leased_seq = last, leased_until = lease_page.until
        where o.ledger_id = $1 and o.name = $2;
    elsif read_to > c.acknowledged_seq or c.lease is not null then
        update ledger.consumers o
        set acknowledged_seq = lease_page.read_to, lease = null, leased_seq = null,
            leased_until = null
        where o.ledger_id = $1 and o.name = $2;
    end if;
    return next;
end $_$;

CREATE FUNCTION zerosum.lease_states() RETURNS TABLE(ledger text, holder text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select g.name, case when f.until > clock_timestamp() then f.holder end
    from ledger.ledgers g join ledger.feeds f on f.ledger_id = g.ledger_id
    order by g.name
$$;

CREATE FUNCTION zerosum.ledger_size(ledger bigint) RETURNS TABLE(wallets bigint, transactions bigint, events bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select (select count(*) from ledger.wallets w where w.ledger_id = $1),
        zerosum.last_event($1)
            + (select count(*) from ledger.outbox o where o.ledger_id = $1
                and o.transaction_id is not null),
        zerosum.last_event($1)
$_$;

CREATE FUNCTION zerosum.limit_facts(ledger bigint, wallet text, balance numeric, would_be numeric, held numeric) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select json_strip_nulls(json_build_object(
        'code', case
            when $4 - $5 < w.min_balance then 'insufficient_funds'
            when $4 > w.max_balance then 'max_balance_exceeded'
            else 'balance_overflow' end,
        'wallet', $2, 'asset', w.asset, 'posted', $3, 'held', $5, 'available', $3 - $5, 'would_be',
        $4,
        'min_balance', case when $4 < $3 then w.min_balance end,
        'max_balance', case when $4 > $3 then w.max_balance end))::text
    from ledger.wallets w where w.ledger_id = $1 and w.id = $2
$_$;

CREATE FUNCTION zerosum.list_assets(ledger bigint, after text, max integer) RETURNS TABLE(code text, body text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select a.code, zerosum.asset_json(a) from ledger.assets a
    where a.ledger_id = $1 and a.code > coalesce($2, '')
    order by a.code
    limit $3
$_$;

CREATE FUNCTION zerosum.list_consumers(ledger bigint, after text, max integer, only_name text DEFAULT NULL::text) RETURNS TABLE(id text, body text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select c.name, zerosum.consumer_json(c) from ledger.consumers c
    where c.ledger_id = $1 and c.name > $2 and ($4 is null or c.name = $4)
    order by c.name
    limit $3
$_$;

CREATE FUNCTION zerosum.list_deliveries(ledger bigint, endpoint bigint, before bigint, max integer, wanted text DEFAULT NULL::text) RETURNS TABLE(seq bigint, body text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $_$
    with found as materialized (
        select * from zerosum.find_deliveries($1, $2, $3, $4, $5)
    ), page as materialized (
        select d.*
        from found f cross join unnest(f.seqs) s (seq)
        cross join lateral (
            select * from ledger.deliveries d
            where d.endpoint_id = $2 and d.ledger_id = $1 and d.seq = s.seq limit 1
        ) d
    )
    select d.seq, concat('{"seq":', d.seq, ',"event_id":"', v.id, '","type":"', v.type,
        '","status":"', d.status,
        '","attempts":[', (
            select string_agg(concat('{"at":', zerosum.time_json(a.at), ',"duration_ms":',
                a.duration_ms,
                ',"status":', coalesce(a.status::text, 'null'), ',"error":',
                coalesce(to_json(a.error)::text, 'null'),
                ',"address":', coalesce(to_json(a.address)::text, 'null'),
                ',"answer":', coalesce(to_json(a.answer)::text, 'null'),
                '}'), ',' order by a.number)
            from (
                select a.number, a.at, a.duration_ms, a.status, a.error, a.address, a.answer
                from ledger.attempts a
                where a.endpoint_id = d.endpoint_id and a.ledger_id = d.ledger_id and a.seq = d.seq
                union all
                select 2147483647, d.settled_at, d.duration_ms, d.last_status, null, d.address,
                    d.answer
                where d.status = 'delivered' and d.duration_ms is not null
            ) a
        ), '],"due_at":', case when d.status = 'pending' then zerosum.time_json(d.due_at)
            else 'null' end, '}')
    from page d join zerosum.events_at($1, array(select d.seq from page d)) v on v.seq = d.seq
    union all
    select f.past, null from found f where f.past is not null
    order by 1 desc, 2
$_$;

CREATE FUNCTION zerosum.list_endpoints(ledger bigint, after bigint, max integer, only_id bigint DEFAULT NULL::bigint) RETURNS TABLE(id bigint, body text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select p.id, zerosum.endpoint_json(p) from ledger.endpoints p
    where p.ledger_id = $1 and p.id > $2 and ($4 is null or p.id = $4) and p.deleted_at is null
    order by p.id
    limit $3
$_$;

CREATE FUNCTION zerosum.list_entries(ledger bigint, wallet text, before bigint, max integer) RETURNS TABLE(version bigint, body text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $_$
    select e.version, concat('{"version":', e.version, ',"transaction":', e.transaction_id,
        ',"posting":', e.posting,
        ',"asset":"', e.asset, '","amount":', e.amount, ',"balance":', e.balance,
        ',"recorded_at":', zerosum.time_json(e.recorded_at), '}')
    from ledger.entries e
    where e.ledger_id = $1 and e.wallet_id = $2 and e.version < coalesce($3, 9223372036854775807)
    order by e.version desc
    limit $4
$_$;

CREATE FUNCTION zerosum.list_events(ledger bigint, after bigint, max integer) RETURNS TABLE(seq bigint, body text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $_$
#variable_conflict use_column
declare
    low constant bigint := zerosum.kept_after($1, $2);
begin
    perform zerosum.refuse_ahead($2, coalesce((
        select f.last_seq from ledger.feeds f where f.ledger_id = $1), 0));
    return query
        select v.seq, v.body from zerosum.feed($1, low, least(low, 1::bigint << 62) + $3) v
        order by v.seq
        limit $3;
end $_$;

CREATE FUNCTION zerosum.list_holds(ledger bigint, before bigint, max integer, only_id bigint DEFAULT NULL::bigint) RETURNS TABLE(id bigint, body text)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $_$
    select h.hold_id, zerosum.hold_json(h)
    from ledger.hold_postings h
    where h.ledger_id = $1 and h.posting = 1 and h.hold_id < coalesce($2, 9223372036854775807)
        and h.hold_id between coalesce($4, 0) and coalesce($4, 9223372036854775807)
    order by h.hold_id desc
    limit $3
$_$;

CREATE FUNCTION zerosum.list_keys(ledger bigint, after bigint, max integer) RETURNS TABLE(id bigint, body text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select k.id, zerosum.key_json(k) from ledger.api_keys k
    where k.ledger_id = $1 and k.id > $2
    order by k.id
    limit $3
$_$;

CREATE FUNCTION zerosum.list_ledgers() RETURNS TABLE(ledger_id bigint, name text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select g.ledger_id, g.name from ledger.ledgers g order by g.ledger_id
$$;

CREATE FUNCTION zerosum.list_replays(ledger bigint, endpoint bigint, before bigint, max integer) RETURNS TABLE(id bigint, body text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select r.number::bigint, zerosum.replay_json(r) from ledger.replays r
    where r.endpoint_id = $2 and r.ledger_id = $1 and ($3 is null or r.number < $3)
    order by r.number desc
    limit $4
$_$;

CREATE FUNCTION zerosum.list_sinks(ledger bigint, after bigint, max integer, only_id bigint DEFAULT NULL::bigint) RETURNS TABLE(id bigint, body text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select s.id, zerosum.sink_json(s, coalesce(f.last_seq, 0))
    from ledger.sinks s left join ledger.feeds f on f.ledger_id = s.ledger_id
    where s.ledger_id = $1 and s.id > $2 and ($4 is null or s.id = $4)
    order by s.id
    limit $3
$_$;

CREATE FUNCTION zerosum.list_transactions(ledger bigint, before bigint, max integer) RETURNS TABLE(id bigint, body text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $_$
    -- The sum spells the index that only lists use. Rows are compared: with `ledger_id + 0 = $1
    -- order by id` the primary key gives the order too, and the planner takes that key where it
    -- believes that this ledger's rows are everywhere, though thousands of another ledger may come
    -- first.
    select a.id, a.body
    from zerosum.answer($1, array(
        select t.id from ledger.transactions t
        where (t.ledger_id + 0, t.id) > ($1, 0)
            and (t.ledger_id + 0, t.id) < ($1, coalesce($2, 9223372036854775807))
        order by t.ledger_id + 0 desc, t.id desc
        limit $3
    )) a
    order by a.id desc
$_$;

CREATE FUNCTION zerosum.list_wallets(ledger bigint, after text, max integer, prefix text DEFAULT ''::text, keys text[] DEFAULT '{}'::text[], vals text[] DEFAULT '{}'::text[], asset text DEFAULT NULL::text) RETURNS TABLE(id text, body text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $_$
    with page as materialized (
        select w.id
        from (
            select w.id, w.metadata, w.asset from ledger.wallets w
            where w.ledger_id = $1 and w.id > coalesce($2, '') and w.id >= $4 and w.id < $4 || '~'
            order by w.id
            limit greatest($3, 10000)
        ) w
        where ($7 is null or w.asset = $7)
            and not exists (
                select from unnest($5, $6) f (key, val)
                where w.metadata ->> f.key is distinct from f.val)
        order by w.id
        limit $3
    )
    select x.id, x.body
    from (
        select w.id::text, zerosum.wallet_json(w) as body
        from page p
        cross join lateral (
            select * from ledger.wallets w where w.ledger_id = $1 and w.id = p.id limit 1
        ) w
        union all
        select w.id::text, null
        from (
            select w.id from ledger.wallets w
            where w.ledger_id = $1 and w.id > coalesce($2, '') and w.id >= $4 and w.id < $4 || '~'
                and (select count(*) from page) < $3
            order by w.id
            offset greatest($3, 10000) - 1 limit 1
        ) w
    ) x
    order by x.id collate "C", x.body
$_$;

CREATE FUNCTION zerosum.live_secrets(ledger bigint, endpoint bigint) RETURNS TABLE(secret text, public_key bytea, expires_at timestamp with time zone)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select s.secret, s.public_key, s.expires_at from ledger.endpoint_secrets s
    where s.endpoint_id = $2 and s.ledger_id = $1
        and (s.expires_at is null or s.expires_at > clock_timestamp())
    order by s.number desc
$_$;

CREATE FUNCTION zerosum.lock_wallet(ledger bigint, id text, admin boolean) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
begin
    perform from ledger.wallets w where w.ledger_id = $1 and w.id = $2 for update;
    if not found then
        return zerosum.wallet_facts($2);
    end if;
    perform zerosum.release_expired($1, clock_timestamp(), array[$2]);
    return case when starts_with($2, '@world') or starts_with($2, '@') and admin is not true
        then json_build_object('code', 'reserved_wallet_id', 'wallet', $2)::text end;
end $_$;

CREATE FUNCTION zerosum.lock_wallets(l bigint, postings ledger.posting[], outcomes text[], watched text[], OUT locked ledger.locked_wallets, OUT at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql
    AS $$
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

CREATE TABLE ledger.feeds (
    ledger_id bigint NOT NULL,
    last_seq bigint DEFAULT 0 NOT NULL,
    epoch bigint DEFAULT 0 NOT NULL,
    until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    holder text,
    checkpoint_size bigint DEFAULT 0 NOT NULL,
    checkpoint_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL
);

CREATE FUNCTION zerosum.locked_feed(ledger bigint, holder text, epoch bigint) RETURNS ledger.feeds
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    f ledger.feeds;
begin
    select * into f from ledger.feeds where ledger_id = $1 for update;
    if not found or f.holder is distinct from $2 or f.epoch is distinct from $3
        or f.until <= clock_timestamp() then
        raise exception 'the lease of ledger % is not held', $1
            using errcode = zerosum.sqlstate('lease_lost');
    end if;
    return f;
end $_$;

CREATE FUNCTION zerosum.log_consistency(ledger bigint, old_size bigint, size bigint) RETURNS bytea[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    low bigint := 0;
    high bigint := size;
    middle bigint;
    path bytea[] := '{}';
    known boolean := true; -- Whether the subtree's root is the old root, which the caller has.
begin
    if old_size < 0 or old_size > size
        or size > coalesce((select f.last_seq from ledger.feeds f where f.ledger_id = $1), 0) then
        return null;
    elsif old_size = 0 then
        return path;
    end if;
    while old_size < high loop
        middle := low + zerosum.split_width(high - low);
        if old_size <= middle then
            path := zerosum.log_root(ledger, middle, high) || path;
            high := middle;
        else
            path := zerosum.log_root(ledger, low, middle) || path;
            low := middle;
            known := false;
        end if;
    end loop;
    return case when known then path else zerosum.log_root(ledger, low, high) || path end;
end $_$;

CREATE FUNCTION zerosum.log_inclusion(ledger bigint, seq bigint, size bigint) RETURNS bytea[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    low bigint := 0;
    high bigint := size;
    middle bigint;
    path bytea[] := '{}';
begin
    if seq < 1 or seq > size
        or size > coalesce((select f.last_seq from ledger.feeds f where f.ledger_id = $1), 0) then
        return null;
    end if;
    while high - low > 1 loop
        middle := low + zerosum.split_width(high - low);
        if seq <= middle then
            path := zerosum.log_root(ledger, middle, high) || path;
            high := middle;
        else
            path := zerosum.log_root(ledger, low, middle) || path;
            low := middle;
        end if;
    end loop;
    return path;
end $_$;

CREATE FUNCTION zerosum.log_name(ledger bigint) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select concat_ws('/', g.name,
        (select max(r.number) from ledger.restorations r where r.ledger_id = g.ledger_id))
    from ledger.ledgers g where g.ledger_id = $1
$_$;

CREATE FUNCTION zerosum.log_root(ledger bigint, low bigint, high bigint) RETURNS bytea
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    rest bigint := high - low;
    at bigint := high;
    height int := 0;
    width int;
    node bigint;
    root bytea;
    subtree bytea;
begin
    if rest = 0 then
        return sha256('');
    end if;
    -- Whole subtrees, the lowest and rightmost first: one for each binary digit of the number of
    -- leaves.
    while rest > 0 loop
        if rest % 2 = 1 then
            at := at - (1::bigint << height);
            -- Its 2^(height mod 8) hashes on the level of tiles are in one tile.
            width := 1 << (height % 8);
            node := at >> (height - height % 8);
            subtree := zerosum.hashes_root(
                zerosum.tile_hashes(ledger, height / 8, node / 256, (node % 256)::int, width));
            root := case when root is null then subtree
                else sha256(E'\\x01' || subtree || root) end;
        end if;
        rest := rest / 2;
        height := height + 1;
    end loop;
    return root;
end $$;

CREATE FUNCTION zerosum.log_state(ledger bigint) RETURNS TABLE(name text, size bigint, root bytea)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select zerosum.log_name(g.ledger_id), coalesce(f.last_seq, 0),
        zerosum.log_root($1, 0, coalesce(f.last_seq, 0))
    from ledger.ledgers g left join ledger.feeds f on f.ledger_id = g.ledger_id
    where g.ledger_id = $1
$_$;

CREATE FUNCTION zerosum.log_tile(ledger bigint, level integer, number bigint, width integer) RETURNS bytea
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select (
        select string_agg(h.hash, '' order by h.i)
        from unnest(zerosum.tile_hashes($1, $2, $3, 0, $4)) with ordinality h (hash, i))
    from ledger.feeds f
    where f.ledger_id = $1 and $2 between 0 and 63 and $3 >= 0 and $4 between 1 and 256
        and ($3::numeric * 256 + $4) * 256::numeric ^ $2 <= f.last_seq
$_$;

CREATE FUNCTION zerosum.name_worlds(l bigint, postings ledger.posting[]) RETURNS ledger.posting[]
    LANGUAGE plpgsql STABLE
    AS $$
begin
    return array(
        select row(p.number, p.request, zerosum.world_wallet(l, p.source, p.destination),
            zerosum.world_wallet(l, p.destination, p.source), p.amount, null, null)::ledger.posting
        from unnest(postings) p
        order by p.number
    );
end $$;

CREATE FUNCTION zerosum.named_part(options jsonb, number smallint) RETURNS TABLE(one jsonb)
    LANGUAGE sql STABLE
    AS $$
    select x.one from jsonb_array_elements(options -> 'postings') x (one)
    where (x.one ->> 'posting')::int = number limit 1
$$;

CREATE FUNCTION zerosum.next_deliveries(ledger bigint, endpoint bigint, max integer, after bigint DEFAULT 0, busy bigint[] DEFAULT '{}'::bigint[], holder text DEFAULT NULL::text) RETURNS TABLE(url text, secrets text[], headers text, amounts text, timeout_s integer, concurrency integer, ordered boolean, rate_limit text, read_to bigint, fresh integer, seqs bigint[], attempts integer[], ids uuid[], types text[], bodies text[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
declare
    l constant bigint := ledger;
    -- Scan at most this many events, so that a call is short.
    scan_max constant int := 1000;
    -- (A condition with clock_timestamp() itself would read the index to its end.)
    moment timestamptz := clock_timestamp();
    p ledger.endpoints;
    room int;
    again bigint[];
    again_attempts int[];
    news bigint[];
begin
    perform zerosum.check_lease(l, holder);
    select * into p from ledger.endpoints e where e.ledger_id = l and e.id = endpoint
        and e.disabled_at is null;
    if not found then
        return;
    end if;
    perform zerosum.advance_replays(l, p.id, next_deliveries.max)
    where exists (
        select from ledger.replays r
        where r.endpoint_id = p.id and r.ledger_id = l and r.finished_at is null)
        and next_deliveries.max > (select count(*) from (
            select from ledger.deliveries d
            where d.ledger_id = l and d.endpoint_id = p.id and d.status = 'pending'
                and d.due_at <= moment limit next_deliveries.max) due);
    moment := clock_timestamp();  -- What the replay gave is due now.
    -- (Ordered by due_at alone, as the index is: with seq too, all pending deliveries might be
    -- sorted.)
    select array_agg(d.seq), array_agg(d.attempts) into again, again_attempts from (
        select d.seq, d.attempts from ledger.deliveries d
        where d.ledger_id = l and d.endpoint_id = p.id and d.status = 'pending'
            and d.due_at <= moment and d.seq <> all (busy)
        order by d.due_at limit next_deliveries.max - next_deliveries.max / 4
    ) d;
    room := next_deliveries.max - coalesce(cardinality(again), 0);
    with scanned as materialized (
        select v.seq, v.type, v.body, case when v.type in ('endpoint.test', 'endpoint.failing')
            then v.body::json -> 'data' ->> 'id' end as about
        from zerosum.feed(l, greatest(p.sent_seq, after), greatest(p.sent_seq, after)
            + case when '*' = any (p.types) and '*' = any (p.wallets) and '*' = any (p.kinds)
                then room else scan_max end) v
        order by v.seq
    ), matched as materialized (
        select s.seq from scanned s
        where case when s.type = 'endpoint.test' then s.about = p.id::text
            else s.about is distinct from p.id::text and
                zerosum.event_matches(s.type, s.body, p.types, p.wallets, p.kinds) end and (
            -- (A probe of the key for each: a join may read all deliveries of the endpoint.)
            select d.seq from ledger.deliveries d
            where d.endpoint_id = p.id and d.ledger_id = l and d.seq = s.seq limit 1) is null
        order by s.seq limit room
    )
    select coalesce(array_agg(m.seq order by m.seq), '{}'),
        case when count(*) < room then (select max(s.seq) from scanned s) else max(m.seq) end
    into news, read_to
    from matched m;
    url := p.url;
    secrets := array(select s.secret from zerosum.live_secrets(l, p.id) s);
    headers := p.headers;
    amounts := p.amounts;
    timeout_s := p.timeout_s;
    concurrency := p.concurrency;
    ordered := p.ordered;
    rate_limit := p.rate_limit;
    fresh := cardinality(news);
    seqs := again || news;
    attempts := again_attempts || array_fill(0, array[fresh]);
    select array_agg(v.id order by u.n), array_agg(v.type order by u.n),
        array_agg(v.body order by u.n)
    into ids, types, bodies
    from unnest(seqs) with ordinality u (seq, n)
    join zerosum.events_at(l, seqs) v on v.seq = u.seq;
    return next;
end $$;

CREATE FUNCTION zerosum.next_events(ledger bigint, sink bigint, max integer, max_bytes integer, holder text DEFAULT NULL::text) RETURNS TABLE(name text, url text, ledger_name text, sent_seq bigint, read_to bigint, seqs bigint[], ids uuid[], types text[], times timestamp with time zone[], bodies text[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $_$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    -- Scan at most this many events, so that a call is short.
    scan_max constant int := 1000;
    s ledger.sinks;
begin
    perform zerosum.check_lease(l, holder);
    select * into s from ledger.sinks s where s.ledger_id = l and s.id = sink
        and s.paused_at is null;
    if not found then
        return;
    end if;
    return query
        with scanned as materialized (
            select v.seq, v.id, v.type, v.recorded_at, v.body
            from zerosum.feed(l, s.sent_seq, s.sent_seq
                + case when '*' = any (s.types) then $3 else greatest($3, scan_max) end) v
            order by v.seq
        ), matched as materialized (
            select m.*, sum(octet_length(m.body)) over (order by m.seq) - octet_length(m.body)
                as before
            from (
                select c.* from scanned c where zerosum.type_matches(c.type, s.types)
                    order by c.seq limit $3
            ) m
        ), taken as materialized (
            select m.* from matched m where m.before < $4
        )
        select s.name, s.url, (select g.name from ledger.ledgers g where g.ledger_id = l),
            s.sent_seq,
            case when count(*) < $3 and count(*) = (select count(*) from matched)
                then (select max(c.seq) from scanned c) else max(t.seq) end,
            coalesce(array_agg(t.seq order by t.seq), '{}'),
            coalesce(array_agg(t.id order by t.seq), '{}'),
            coalesce(array_agg(t.type order by t.seq), '{}'),
            coalesce(array_agg(t.recorded_at order by t.seq), '{}'),
            coalesce(array_agg(t.body order by t.seq), '{}')
        from taken t;
end $_$;

CREATE FUNCTION zerosum.next_transactions(ledger bigint, first bigint, past bigint, max integer, wallet text, reference text, key text) RETURNS bigint[]
    LANGUAGE plpgsql STABLE
    AS $_$
begin
    if key is not null then
        return array(
            select t.id from ledger.transactions t
            where t.key = $7 and t.ledger_id = $1 and t.id >= first and t.id < past);
    elsif reference is not null then
        -- (Rows are compared as in list_transactions(); the index has set references only.)
        return array(
            select t.id from ledger.transactions t
            where t.ledger_id = $1 and t.reference is not null
                and (t.reference, t.ledger_id, t.id) >= ($6, $1, first)
                and (t.reference, t.ledger_id, t.id) < ($6, $1, past)
            order by t.reference desc, t.ledger_id desc, t.id desc limit max);
    elsif wallet is not null then
        -- (A transaction may have several entries of one wallet.)
        return array(
            select e.transaction_id
            from (
                select e.transaction_id from ledger.entries e
                where e.wallet_id = $5 and e.ledger_id = $1
                    and e.version < zerosum.version_at($1, $5, past)
                order by e.version desc limit max
            ) e
            where e.transaction_id >= first
            group by e.transaction_id order by e.transaction_id desc);
    end if;
    return array(
        select t.id from ledger.transactions t
        where (t.ledger_id + 0, t.id) >= ($1, first) and (t.ledger_id + 0, t.id) < ($1, past)
        order by t.ledger_id + 0 desc, t.id desc limit max);
end $_$;

CREATE FUNCTION zerosum.one_time_key() RETURNS text
    LANGUAGE sql
    AS $$
    select chr(127) || lpad(to_hex((date_part('epoch', clock_timestamp()) * 1000)::bigint), 12, '0')
        || right(gen_random_uuid()::text, 17)
$$;

CREATE FUNCTION zerosum.options_fault(kind text, options jsonb) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    known constant text[] := case kind
        when 'hold' then array['expires_at']
        when 'capture' then array['hold', 'amount', 'postings', 'destination', 'final']
        when 'void' then array['hold']
        when 'reversal' then array['transaction', 'amount', 'postings', 'force']
        else '{}' end;
    origin constant text := case when kind = 'reversal' then 'transaction' else 'hold' end;
    part jsonb;
    fault text;
begin
    if options is null and kind not in ('capture', 'void', 'reversal') then
        return null;
    elsif jsonb_typeof(options) is distinct from 'object' or options - known <> '{}' then
        return 'invalid_options';
    elsif kind = 'hold' then
        if not options ? 'expires_at' then
            return null;
        elsif coalesce(options ->> 'expires_at', '') !~ (
            '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?'
            '(Z|[+-][0-9]{2}(:[0-9]{2})?)$') then
            return 'invalid_expires_at';
        end if;
        begin
            perform (options ->> 'expires_at')::timestamptz;
        exception when datetime_field_overflow or invalid_datetime_format then
            return 'invalid_expires_at';
        end;
        return null;
    elsif coalesce(options ->> origin, '') !~ '^[1-9][0-9]{0,17}$'
        or jsonb_typeof(coalesce(options -> 'final', options -> 'force', 'false')) <> 'boolean'
        or options ? 'amount' and options ? 'postings'
    then
        return 'invalid_options';
    elsif options ? 'postings' and (jsonb_typeof(options -> 'postings') <> 'array'
        or jsonb_array_length(options -> 'postings') not between 1 and 100)
    then
        return 'invalid_postings';
    end if;
    if options - origin = '{}' then
        return null;
    end if;
    fault := zerosum.part_fault(options);
    if fault is not null or not options ? 'postings' then
        return fault;
    end if;
    for part in select x.one from jsonb_array_elements(options -> 'postings') x (one) loop
        fault := zerosum.part_fault(part);
        if fault is not null then
            return fault;
        end if;
    end loop;
    if exists (
        select from jsonb_array_elements(options -> 'postings') x (one)
        where coalesce(x.one ->> 'posting', '') !~ '^[1-9][0-9]{0,2}$'
            or x.one - array['posting', 'amount', 'destination'] <> '{}'
            or kind = 'reversal' and x.one ? 'destination'
    ) or (
        select count(*) <> count(distinct x.one ->> 'posting')
        from jsonb_array_elements(options -> 'postings') x (one)
    ) then
        return 'invalid_postings';
    end if;
    return null;
end $_$;

CREATE FUNCTION zerosum.outbox_state() RETURNS TABLE(ledger text, depth bigint, oldest_s double precision)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select g.name, count(o.ord),
        coalesce(extract(epoch from clock_timestamp() - min(o.recorded_at)), 0)::float8
    from ledger.ledgers g left join ledger.outbox o on o.ledger_id = g.ledger_id
    group by g.name
$$;

CREATE FUNCTION zerosum.part_fault(part jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $_$
    select case
        when jsonb_typeof(part) <> 'object' then 'invalid_postings'
        when part ? 'amount' and coalesce(part ->> 'amount', '') !~ '^[1-9][0-9]{0,37}$'
            then 'invalid_amount'
        when part ? 'destination'
            and coalesce(part ->> 'destination', '') !~ '^(?![.][.]?$)[A-Za-z0-9_.:@-]{1,128}$'
                then 'invalid_wallet_id'
    end
$_$;

CREATE TABLE ledger.replays (
    ledger_id bigint NOT NULL,
    endpoint_id bigint NOT NULL,
    number integer NOT NULL,
    source_id bigint NOT NULL,
    after_seq bigint NOT NULL,
    upto_seq bigint NOT NULL,
    types text[] NOT NULL,
    status text,
    read_seq bigint NOT NULL,
    replayed bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    finished_at timestamp with time zone,
    cancelled boolean DEFAULT false NOT NULL,
    CONSTRAINT replays_range CHECK (((after_seq >= 0) AND ((read_seq >= after_seq) AND (read_seq <= upto_seq)))),
    CONSTRAINT replays_status CHECK ((status = ANY (ARRAY['delivered'::text, 'dead'::text, 'dismissed'::text]))),
    CONSTRAINT replays_types CHECK (((cardinality(types) >= 1) AND (cardinality(types) <= 32)))
);

CREATE FUNCTION zerosum.plan_replay(ledger bigint, endpoint bigint, asked jsonb) RETURNS ledger.replays
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    last bigint;
    low bigint;
    purged bigint;
    r ledger.replays;
begin
    select f.last_seq into last from ledger.feeds f where f.ledger_id = $1;
    r.ledger_id := $1;
    r.endpoint_id := $2;
    r.source_id := coalesce((asked -> 'source')::bigint, $2);
    low := least(last, coalesce((asked -> 'after_seq')::bigint,
        zerosum.seq_at($1, (asked ->> 'since')::timestamptz), 0));
    purged := zerosum.purged_seq($1);
    if purged > 0 and low = purged and asked ? 'since' then
        -- Of that time there may have been events that are purged.
        perform zerosum.refuse_purged(purged);
    end if;
    r.after_seq := zerosum.kept_after($1, low);
    r.upto_seq := least(last, coalesce((asked -> 'upto_seq')::bigint,
        zerosum.seq_at($1, (asked ->> 'until')::timestamptz), last));
    r.upto_seq := greatest(r.upto_seq, r.after_seq);
    r.types := array(select jsonb_array_elements_text(asked -> 'types'));
    r.status := asked ->> 'status';
    r.read_seq := r.after_seq;
    r.replayed := 0;
    r.cancelled := false;
    return r;
end $_$;

CREATE FUNCTION zerosum.post(ledger bigint, kinds text[], keys text[], posting_of integer[], sources text[], destinations text[], amounts text[], refs text[] DEFAULT '{}'::text[], descriptions text[] DEFAULT '{}'::text[], metadatas jsonb[] DEFAULT '{}'::jsonb[], effective_ats timestamp with time zone[] DEFAULT '{}'::timestamp with time zone[], skip_locked boolean DEFAULT false, ifs jsonb[] DEFAULT '{}'::jsonb[], options jsonb[] DEFAULT '{}'::jsonb[], units integer[] DEFAULT '{}'::integer[]) RETURNS TABLE(outcome text, body text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
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

CREATE FUNCTION zerosum.post_plain(l bigint, kind text, key text, source text, destination text, digits text, reference text, description text, metadata jsonb, effective_at timestamp with time zone) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
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

CREATE FUNCTION zerosum.posting_canon(source text, destination text, amount numeric) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select concat(source, ' ', destination, ' ', amount)
$$;

CREATE FUNCTION zerosum.posting_fault(l bigint, posting ledger.posting, source_asset text, source_status text, destination_asset text, destination_status text) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
begin
    if posting.source is null or posting.destination is null then
        return null;
    end if;
    -- @world has every asset, though its wallet is created with the asset's first other wallet.
    source_asset := coalesce(source_asset, zerosum.world_asset(l, posting.source));
    destination_asset := coalesce(destination_asset, zerosum.world_asset(l, posting.destination));
    return case
        when source_asset is null and (posting.source <> '@world' or destination_asset is not null)
            then zerosum.wallet_facts(posting.source)
        when source_asset is null or destination_asset is null
            then zerosum.wallet_facts(posting.destination)
        when source_asset <> destination_asset then json_build_object('code', 'asset_mismatch',
            'source', posting.source, 'source_asset', source_asset,
            'destination', posting.destination, 'destination_asset', destination_asset)::text
        when source_status is distinct from 'open' then
            json_build_object('code', 'wallet_' || replace(source_status, '_out', ''), 'wallet',
                posting.source)::text
        when destination_status is null or destination_status not in ('open', 'frozen_out') then
            json_build_object('code', 'wallet_' || destination_status, 'wallet',
                posting.destination)::text
    end;
end $$;

CREATE FUNCTION zerosum.posting_json(source text, destination text, amount numeric, asset text) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select concat('{"source":"', source, '","destination":"', destination,
        '","amount":', amount, ',"asset":"', asset, '"}')
$$;

CREATE TABLE ledger.wallets (
    ledger_id bigint NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    recorded_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    id ledger.wallet_id NOT NULL,
    asset text NOT NULL COLLATE pg_catalog."C",
    status ledger.wallet_status DEFAULT 'open'::text NOT NULL,
    posted numeric DEFAULT 0 NOT NULL,
    held numeric DEFAULT 0 NOT NULL,
    min_balance numeric DEFAULT 0,
    max_balance numeric,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    credits_while_frozen boolean DEFAULT false NOT NULL,
    next_expiry timestamp with time zone,
    floor_debt numeric DEFAULT 0 NOT NULL,
    CONSTRAINT wallets_max CHECK ((posted <= max_balance)),
    CONSTRAINT wallets_min CHECK (((posted - held) >= (min_balance - floor_debt))),
    CONSTRAINT wallets_range CHECK (((abs(posted) < '100000000000000000000000000000000000000'::numeric) OR (starts_with((id)::text, '@world:'::text) AND (abs(posted) < 'Infinity'::numeric)))),
    CONSTRAINT wallets_whole CHECK (((scale(posted) = 0) AND (scale(held) = 0) AND (held >= (0)::numeric) AND (version >= 0) AND (scale(floor_debt) = 0) AND (floor_debt >= (0)::numeric))),
    CONSTRAINT wallets_world CHECK (((NOT starts_with((id)::text, '@world'::text)) OR (((id)::text = ('@world:'::text || asset)) AND ((status)::text = 'open'::text) AND (held = (0)::numeric) AND (min_balance IS NULL) AND (max_balance IS NULL))))
)
WITH (fillfactor='60');

CREATE FUNCTION zerosum.posting_status(w ledger.wallets) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select w.status || case when w.credits_while_frozen then '_out' else '' end
$$;

CREATE FUNCTION zerosum.probe_listener() RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select pg_notify('zerosum_probe', '')
$$;

CREATE FUNCTION zerosum.purge_deliveries(holder text, seconds double precision, max integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $_$
declare
    limit_is constant timestamptz := clock_timestamp() - make_interval(secs => seconds);
    p record;
    gone bigint[];
    purged bigint := 0;
begin
    -- Losing this commit only means that the rows are deleted again.
    perform set_config('synchronous_commit', 'off', true);
    for p in
        select e.ledger_id, e.id, least(e.sent_seq, zerosum.seq_at(e.ledger_id, limit_is)) as upto
        from ledger.feeds f join ledger.endpoints e on e.ledger_id = f.ledger_id
        where f.holder = $1 and f.until > clock_timestamp()
    loop
        with old as materialized (
            select d.seq from ledger.deliveries d
            where d.endpoint_id = p.id and d.ledger_id = p.ledger_id and d.seq <= p.upto
                and d.status <> 'pending' and d.settled_at < limit_is
            order by d.seq limit max for update skip locked
        ), deleted as (
            delete from ledger.deliveries d
            where d.endpoint_id = p.id and d.ledger_id = p.ledger_id
                and d.seq = any (array(select o.seq from old o))
            returning d.seq
        )
        select coalesce(array_agg(d.seq), '{}') into gone from deleted d;
        delete from ledger.attempts a
        where a.endpoint_id = p.id and a.ledger_id = p.ledger_id and a.seq = any (gone);
        delete from ledger.replays r
        where r.endpoint_id = p.id and r.ledger_id = p.ledger_id and r.finished_at < limit_is;
        purged := purged + cardinality(gone);
    end loop;
    return purged;
end $_$;

CREATE FUNCTION zerosum.purge_events(ledger bigint, holder text, epoch bigint, seconds double precision, max_bundles integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_variable
declare
    l constant bigint := ledger;
    first bigint;
    upto bigint;
    purged int;
begin
    perform zerosum.locked_feed(l, holder, epoch);
    first := zerosum.purged_seq(l) / 256;
    upto := least(zerosum.readers_passed(l), zerosum.seq_at(l,
        clock_timestamp() - make_interval(secs => seconds))) / 256;
    -- Losing this commit only means that the rows are deleted again.
    perform set_config('synchronous_commit', 'off', true);
    insert into ledger.purged_bundles (ledger_id, number, transaction_ids, ids, types)
    select b.ledger_id, b.number, b.transaction_ids, b.ids, b.types from ledger.event_bundles b
    where b.ledger_id = l and b.number >= first and b.number < least(upto, first + max_bundles);
    get diagnostics purged = row_count;
    delete from ledger.event_bundles b
    where b.ledger_id = l and b.number >= first and b.number < first + purged;
    return purged;
end $$;

CREATE FUNCTION zerosum.purged_events(ledger bigint, after bigint, upto bigint) RETURNS TABLE(seq bigint, transaction_id bigint, id uuid, type text, leaf bytea)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $_$
    select b.number * 256 + u.i, u.transaction_id, u.id, u.type,
        substr(t.hashes, (u.i::int - 1) * 32 + 1, 32)
    from ledger.purged_bundles b
    left join ledger.tiles t on t.ledger_id = $1 and t.level = 0 and t.number = b.number
    cross join lateral unnest(b.transaction_ids, b.ids, b.types)
        with ordinality u (transaction_id, id, type, i)
    where b.ledger_id = $1 and b.number >= $2 / 256 and b.number <= ($3 - 1) / 256
        and b.number * 256 + u.i > $2 and b.number * 256 + u.i <= $3
$_$;

CREATE FUNCTION zerosum.purged_seq(ledger bigint) RETURNS bigint
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
    select coalesce((
        select (p.number + 1) * 256 from ledger.purged_bundles p where p.ledger_id = $1
        order by p.number desc limit 1), 0)
$_$;

CREATE FUNCTION zerosum.put_consumer(ledger bigint, name text, types text[], wallets text[], kinds text[], start text) RETURNS TABLE(body text, created boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    last bigint;
    first bigint;
    c ledger.consumers;
begin
    select f.last_seq into last from ledger.feeds f where f.ledger_id = $1 for update;
    first := case when $6 = 'now' or exists (
            select from ledger.consumers e where e.ledger_id = $1 and e.name = $2) then last
        else zerosum.kept_after($1, case $6 when 'beginning' then 0
            else least($6::bigint - 1, last) end) end;
    insert into ledger.consumers as o (ledger_id, name, types, wallets, kinds, acknowledged_seq)
    values ($1, $2, $3, $4, $5, first)
    on conflict (ledger_id, name) do nothing
    returning o.* into c;
    created := c.name is not null;
    if not created then
        update ledger.consumers o set types = $3, wallets = $4, kinds = $5
        where o.ledger_id = $1 and o.name = $2
        returning o.* into c;
    end if;
    body := zerosum.consumer_json(c);
    return next;
end $_$;

CREATE FUNCTION zerosum.read_events(ledger bigint, after bigint, max integer, types text[] DEFAULT '{*}'::text[], wallets text[] DEFAULT '{*}'::text[], kinds text[] DEFAULT '{*}'::text[]) RETURNS TABLE(read_to bigint, at_end boolean, seqs bigint[], bodies text[])
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $_$
#variable_conflict use_column
declare
    low constant bigint := zerosum.kept_after($1, $2);
    all_wanted constant boolean := '*' = any ($4) and '*' = any ($5) and '*' = any ($6);
    last constant bigint := coalesce((
        select f.last_seq from ledger.feeds f where f.ledger_id = $1), 0);
begin
    perform zerosum.refuse_ahead($2, last);
    -- With a filter at most this many events are scanned, so that a call is short.
    return query with scanned as materialized (
        select v.seq, v.type, v.body
        from zerosum.feed($1, low, least(low, 1::bigint << 62)
            + case when all_wanted then $3 else greatest($3, 1000) end) v
        order by v.seq
    ), matched as materialized (
        select c.seq, c.body from scanned c
        -- (Whoever reads all reads seqs without gaps, ledger.skipped too.)
        where all_wanted or zerosum.event_matches(c.type, c.body, $4, $5, $6)
        order by c.seq
        limit $3
    ), page as (
        select count(*) as size, max(m.seq) as last_seq,
            coalesce(array_agg(m.seq order by m.seq), '{}') as seqs,
            coalesce(array_agg(m.body order by m.seq), '{}') as bodies
        from matched m
    ), position as (
        select coalesce(case when p.size < $3 then (select max(c.seq) from scanned c)
            else p.last_seq end, low) as read_to
        from page p
    )
    select position.read_to, position.read_to >= last, page.seqs, page.bodies
    from page, position;
end $_$;

CREATE FUNCTION zerosum.read_parts(l bigint, at timestamp with time zone, kinds text[], postings ledger.posting[]) RETURNS ledger.parts
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
#variable_conflict use_column
declare
    origins constant bigint[] := array(select p.origin from unnest(postings) p);
    parts ledger.parts;
    slots int[]; amounts numeric[]; captured numeric[]; remaining numeric[];
    also record;
begin
    if kinds && array['capture', 'void'] then
        -- (A request about a hold has all of the hold's postings, in order.)
        select array_agg(case when h.place is not null
            then array_position(origins, p.origin) + p.origin_posting - 1 end),
            array_agg(case when h.status = 'pending' and h.expires_at <= at then 'expired'
                else h.status::text end),
            array_agg(h.amount::numeric), array_agg(h.captured::numeric),
            array_agg(h.held::numeric), array_agg(h.place)
        into slots, parts.statuses, amounts, captured, remaining, parts.places
        from unnest(postings) p
        left join lateral (
            select h.ctid as place, h.* from ledger.hold_postings h
            where h.ledger_id = l and h.hold_id = p.origin and h.posting = p.origin_posting limit 1
        ) h on true;
    end if;
    if 'reversal' = any (kinds) then
        for also in
            select p.number, min(p.number) over (partition by p.origin, p.origin_posting) as slot,
                e.amount,
                coalesce(r.reversed, 0) as reversed
            from unnest(postings) p
            cross join lateral (
                select * from ledger.entries e
                where e.ledger_id = l and e.transaction_id = p.origin
                    and e.posting between p.origin_posting and p.origin_posting and e.amount > 0
                order by e.posting limit 1
            ) e
            left join lateral (
                select * from ledger.reversed_postings r
                where r.ledger_id = l and r.transaction_id = p.origin
                    and r.posting = p.origin_posting limit 1
            ) r on true
            order by p.number
        loop
            slots[also.number] := also.slot;
            amounts[also.number] := also.amount;
            captured[also.number] := also.reversed;
            remaining[also.number] := also.amount - also.reversed;
        end loop;
    end if;
    parts.origins := origins;
    parts.postings := array(select p.origin_posting from unnest(postings) p);
    parts.slots := slots;
    parts.amounts := amounts;
    parts.captured := captured;
    parts.remaining := remaining;
    return parts;
end $$;

CREATE FUNCTION zerosum.read_transaction(ledger bigint, id bigint) RETURNS TABLE(body text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
    select case when r.ids is null then a.body
        else concat(left(a.body, -1), ',"reversed_by":[', r.ids, ']}') end
    from zerosum.answer($1, array[$2]) a
    left join lateral (
        select string_agg(t.id::text, ',' order by t.id) as ids from ledger.transactions t
        where t.origin_id = a.id and t.ledger_id = $1 and t.kind = 'reversal'
    ) r on true
$_$;

CREATE FUNCTION zerosum.read_wallet(ledger bigint, id text) RETURNS TABLE(body text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select zerosum.wallet_json(w) from ledger.wallets w where w.ledger_id = $1 and w.id = $2
$_$;

CREATE FUNCTION zerosum.reader_kind(ledger bigint, id bigint) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select case
        when exists (select from ledger.endpoints p where p.ledger_id = $1 and p.id = $2)
            then 'endpoint'
        when exists (select from ledger.sinks s where s.ledger_id = $1 and s.id = $2) then 'sink'
    end
$_$;

CREATE FUNCTION zerosum.readers_passed(ledger bigint) RETURNS bigint
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $_$
    select least(
        (select f.last_seq from ledger.feeds f where f.ledger_id = $1),
        (select min(p.sent_seq) from ledger.endpoints p
            where p.ledger_id = $1 and p.deleted_at is null),
        (select min(d.seq) - 1 from ledger.endpoints p cross join lateral (
            select d.seq from ledger.deliveries d
            where d.endpoint_id = p.id and d.ledger_id = $1 order by d.seq limit 1
        ) d where p.ledger_id = $1),
        (select min(r.read_seq) from ledger.endpoints p join ledger.replays r
            on r.endpoint_id = p.id and r.ledger_id = $1 and r.finished_at is null
            where p.ledger_id = $1),
        (select min(s.sent_seq) from ledger.sinks s where s.ledger_id = $1),
        (select min(c.acknowledged_seq) from ledger.consumers c where c.ledger_id = $1))
$_$;

CREATE FUNCTION zerosum.readiness() RETURNS TABLE(version text, writable boolean, outbox_age_s double precision)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
begin
    version := (select max(m.name) from ledger.migrations m);
    writable := not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off';
    outbox_age_s := (
        select coalesce(extract(epoch from clock_timestamp() - min(o.recorded_at)), 0)
        from ledger.ledgers g
        cross join lateral (
            select o.recorded_at from ledger.outbox o where o.ledger_id = g.ledger_id
                order by o.ord limit 1
        ) o);
    return next;
end $$;

CREATE FUNCTION zerosum.record_deliveries(ledger bigint, endpoint bigint, sent_to bigint, seqs bigint[], outcomes text[], statuses integer[], errors text[], durations_ms integer[], retries_s double precision[], holder text DEFAULT NULL::text, addresses text[] DEFAULT '{}'::text[], answers text[] DEFAULT '{}'::text[], disable_after_s double precision DEFAULT 0) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
declare
    l constant bigint := ledger;
    target constant bigint := endpoint;
begin
    perform zerosum.check_lease(l, holder);
    -- Losing this commit only means that deliveries are sent again, and a flush would cost those
    -- who post.
    perform set_config('synchronous_commit', 'off', true);
    update ledger.endpoints p set sent_seq = sent_to where p.ledger_id = l and p.id = target
        and p.sent_seq < sent_to;
    if 'gone' = any (outcomes) then
        perform zerosum.disable_endpoint(l, target, 'it answered 410 Gone');
    elsif cardinality(outcomes) > 0 then
        perform zerosum.judge_endpoint(l, target, 'delivered' = any (outcomes), disable_after_s);
    end if;
    -- An upsert, since an UPDATE that joins is planned by statistics and may read every delivery
    -- of the endpoint; an upsert can only probe the key.
    with told as (
        insert into ledger.deliveries as d (ledger_id, endpoint_id, seq, status, due_at, attempts,
            last_status, last_error, duration_ms, settled_at, address, answer)
        select g.ledger_id, target, u.seq, case when u.outcome = 'gone' then 'dead'
            else u.outcome end,
            clock_timestamp() + make_interval(secs => coalesce(u.retry_s, 0)), 1, u.http, u.reason,
            u.took, case when u.outcome <> 'pending' then clock_timestamp() end, u.address, u.answer
        from ledger.ledgers g,
            unnest(seqs, outcomes, statuses, errors, durations_ms, retries_s, addresses, answers)
            u (seq, outcome, http, reason, took, retry_s, address, answer)
        where g.ledger_id = l
        order by u.seq
        on conflict (endpoint_id, ledger_id, seq) do update
        set status = excluded.status, due_at = excluded.due_at, attempts = d.attempts + 1,
            last_status = excluded.last_status, last_error = excluded.last_error,
            duration_ms = excluded.duration_ms, settled_at = excluded.settled_at,
            address = excluded.address, answer = excluded.answer
        where d.status = 'pending'
        returning d.*
    )
    insert into ledger.attempts (ledger_id, endpoint_id, seq, number, duration_ms, status, error,
        address, answer)
    select g.ledger_id, target, t.seq, coalesce((
            select max(a.number) from ledger.attempts a
            where a.endpoint_id = target and a.ledger_id = l and a.seq = t.seq), 0) + 1,
        t.duration_ms, t.last_status, t.last_error, t.address, t.answer
    from ledger.ledgers g, told t where g.ledger_id = l and t.status <> 'delivered'
    on conflict do nothing;
end $$;

CREATE FUNCTION zerosum.record_sink(ledger bigint, sink bigint, sent_seq bigint, sent_to bigint, error text, holder text DEFAULT NULL::text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    failed constant timestamptz := case when $5 is not null then clock_timestamp() end;
begin
    perform zerosum.check_lease($1, holder);
    perform set_config('synchronous_commit', 'off', true);
    update ledger.sinks s set sent_seq = $4, error = $5, failed_at = failed
    where s.ledger_id = $1 and s.id = $2 and s.sent_seq = $3;
    return found;
end $_$;

CREATE FUNCTION zerosum.record_verification(ledger bigint, seq bigint, faults integer) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    insert into ledger.verifications as v (ledger_id, at, seq, faults)
    values ($1, clock_timestamp(), $2, $3)
    on conflict (ledger_id) do update
    set at = excluded.at, seq = excluded.seq, faults = excluded.faults
$_$;

CREATE FUNCTION zerosum.refuse_ahead(after bigint, last_seq bigint) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if after > last_seq then
        raise exception 'the feed ends with seq %', last_seq
            using errcode = zerosum.sqlstate('cursor_ahead'),
                detail = json_build_object('last_seq', last_seq)::text;
    end if;
end $$;

CREATE FUNCTION zerosum.refuse_purged(purged_seq bigint) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    raise exception 'events up to seq % are purged', purged_seq
        using errcode = zerosum.sqlstate('events_purged'),
            detail = json_build_object('purged_seq', purged_seq)::text;
end $$;

CREATE FUNCTION zerosum.release() RETURNS TABLE(migration text, number integer, sha256 text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select (select max(m.name) from ledger.migrations m), r.number, r.sha256
    from (select) one left join lateral (
        select r.number, r.sha256 from ledger.releases r order by r.number desc limit 1
    ) r on true
$$;

CREATE FUNCTION zerosum.release_expired(ledger bigint, at timestamp with time zone, ids text[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $_$
declare
    wallet text;
    due numeric;
    next timestamptz;
begin
    for wallet in
        select x.id from unnest(ids) x (id)
        cross join lateral (
            select from ledger.wallets w where w.ledger_id = $1 and w.id = x.id
                and w.next_expiry <= at limit 1
        ) w
    loop
        select sum(p.held) filter (where p.due_at <= at), min(p.due_at) filter (where p.due_at > at)
        into due, next
        from ledger.hold_postings p
        where p.source = wallet and p.ledger_id + 0 = $1 and p.due_at is not null and p.held > 0;
        update ledger.hold_postings p set held = 0
        where p.source = wallet and p.ledger_id + 0 = $1 and p.due_at <= at and p.held > 0;
        update ledger.wallets w
        set held = w.held - coalesce(due, 0), next_expiry = next,
            floor_debt = greatest(0,
                least(w.floor_debt, w.min_balance - w.posted + w.held - coalesce(due, 0)))
        where w.ledger_id = $1 and w.id = wallet;
    end loop;
end $_$;

CREATE FUNCTION zerosum.release_lease(ledger bigint, holder text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    moment constant timestamptz := clock_timestamp();
begin
    update ledger.feeds f set until = moment
    where f.ledger_id = $1 and f.holder = $2 and f.until > moment;
end $_$;

CREATE FUNCTION zerosum.release_leases(holder text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    delete from ledger.relays r where r.holder = $1;
    update ledger.feeds f set until = clock_timestamp()
    from (select ledger_id from ledger.feeds where holder = $1 order by ledger_id for update) x
    where f.ledger_id = x.ledger_id and f.until > clock_timestamp()
$_$;

CREATE FUNCTION zerosum.remove_sink(ledger bigint, sink bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
    delete from ledger.sinks s where s.ledger_id = $1 and s.id = $2;
    return found;
end $_$;

CREATE FUNCTION zerosum.replace_secret(kind text, ledger bigint, id bigint, number integer, before text, after text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    update ledger.endpoint_secrets s set secret = $6
    where $1 = 'webhook secret' and s.ledger_id = $2 and s.endpoint_id = $3 and s.number = $4
        and s.secret = $5;
    update ledger.endpoints p set headers = $6
    where $1 = 'webhook headers' and p.ledger_id = $2 and p.id = $3 and p.headers = $5;
    update ledger.sinks s set url = $6
    where $1 = 'sink url' and s.ledger_id = $2 and s.id = $3 and s.url = $5;
$_$;

CREATE FUNCTION zerosum.replay_json(r ledger.replays) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select concat('{"number":', r.number, ',"endpoint":', r.endpoint_id, ',"source":', r.source_id,
        ',"after_seq":', r.after_seq, ',"upto_seq":', r.upto_seq, ',"types":', to_json(r.types),
        ',"status":', coalesce(to_json(r.status)::text, 'null'),
        ',"state":"', case when r.cancelled then 'cancelled' when r.finished_at is not null
            then 'done' else 'running' end,
        '","read_seq":', r.read_seq, ',"replayed":', r.replayed,
        ',"created_at":', zerosum.time_json(r.created_at),
        ',"finished_at":', coalesce(zerosum.time_json(r.finished_at), 'null'), '}')
$$;

CREATE FUNCTION zerosum.replay_page(r ledger.replays, max integer) RETURNS TABLE(seqs bigint[], read_to bigint)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $_$
    with scanned as materialized (
        select v.seq, v.type, v.body
        from zerosum.feed(r.ledger_id, r.read_seq, least(r.upto_seq, r.read_seq + 1000)) v
        order by v.seq
    ), matched as materialized (
        select s.seq from scanned s, ledger.endpoints p
        where p.ledger_id = r.ledger_id and p.id = r.endpoint_id
            and s.type not in ('endpoint.test', 'endpoint.failing')
            and zerosum.type_matches(s.type, r.types)
            and zerosum.event_matches(s.type, s.body, p.types, p.wallets, p.kinds)
            and (r.status is null or r.status = (
                select d.status from ledger.deliveries d
                where d.endpoint_id = r.source_id and d.ledger_id = r.ledger_id and d.seq = s.seq))
        order by s.seq limit $2
    )
    select coalesce(array_agg(m.seq order by m.seq), '{}'),
        case when count(*) < $2 then coalesce((select max(s.seq) from scanned s), r.upto_seq)
            else max(m.seq) end
    from matched m
$_$;

CREATE FUNCTION zerosum.request_fault(kind text, key text, reference text, description text, metadata jsonb, effective_at timestamp with time zone, conditions jsonb, options jsonb, size bigint, beside boolean, numeral boolean, named boolean, loops boolean, ids bigint) RETURNS text
    LANGUAGE sql STABLE
    AS $_$
    select case
        when kind is null or kind not in ('transfer', 'credit', 'debit', 'transaction', 'hold',
            'capture', 'void',
            'reversal') then 'invalid_kind'
        when key !~ E'^\\x7f?[ -~]+$' or length(key) > 255 then 'invalid_key'
        when (size is null) <> (kind in ('capture', 'void', 'reversal')) or size > 100 or not beside
            or kind not in ('transaction', 'hold') and size > 1
            then 'invalid_postings'
        when not numeral then 'invalid_amount'
        when not named then 'invalid_wallet_id'
        when loops then 'same_wallet'
        when octet_length(reference) > 1024 then 'invalid_reference'
        when octet_length(description) > 1024 then 'invalid_description'
        when jsonb_typeof(metadata) <> 'object' or octet_length(metadata::text) > 16384
            then 'invalid_metadata'
        when size > 30 and zerosum.event_size(ids, size, metadata) > 51000
            then 'transaction_too_large'
        when effective_at not between '0001-01-01 00:00:00+00' and '9999-12-31 23:59:59.999999+00'
            then 'invalid_effective_at'
        when not zerosum.conditions_valid(conditions) then 'invalid_conditions'
        -- (Most captures and voids give only this, which needs no call.)
        when options - 'hold' = '{}' and kind in ('capture', 'void')
            and options ->> 'hold' ~ '^[1-9][0-9]{0,17}$'
            then null
        when options is not null or size is null then zerosum.options_fault(kind, options)
    end
$_$;

CREATE FUNCTION zerosum.request_fingerprint(kind text, size bigint, postings text, reference text, description text, metadata jsonb, effective_at timestamp with time zone, conditions jsonb, options jsonb) RETURNS bytea
    LANGUAGE sql STABLE
    AS $$
    select sha256(convert_to(concat('1 ', kind, ' ', size, ' ', postings, E'\n', to_json(reference),
        E'\n',
        to_json(description), E'\n', nullif(metadata, '{}'), E'\n',
        extract(epoch from effective_at), E'\n' || conditions::text, E'\n\n' || options::text),
            'UTF8'))
$$;

CREATE FUNCTION zerosum.resend_delivery(ledger bigint, endpoint bigint, seq bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    purged bigint;
begin
    perform from ledger.feeds f where f.ledger_id = $1 for share;
    purged := zerosum.purged_seq($1);
    if $3 between 1 and purged then
        perform zerosum.refuse_purged(purged);
    end if;
    return zerosum.send_again($1, $2, $3);
end $_$;

CREATE FUNCTION zerosum.restore_ledger(ledger bigint, seen bigint) RETURNS TABLE(number integer, kept_seq bigint, restored_seq bigint)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    max_skipped constant bigint := 10000000;
    ledger_name constant text := (select g.name from ledger.ledgers g where g.ledger_id = l);
    waiting bigint;
begin
    select f.last_seq into kept_seq from ledger.feeds f where f.ledger_id = l for update;
    -- (A new statement: what was stamped while the lock was waited for has left the outbox.)
    waiting := (select count(*) from ledger.outbox o where o.ledger_id = l);
    restored_seq := greatest(seen, kept_seq + waiting) + 1;
    if restored_seq - kept_seq > max_skipped then
        raise exception 'seq % is too far beyond the feed''s end, %', seen, kept_seq
            using errcode = '22023';
    end if;
    number := 1 + greatest(1,
        (select max(r.number) from ledger.restorations r where r.ledger_id = l));
    insert into ledger.restorations (ledger_id, number, kept_seq, restored_seq)
    values (l, number, kept_seq, restored_seq);
    insert into ledger.outbox (ledger_id, ord, aggregatetype, aggregateid, type, payload,
        recorded_at)
    select l, nextval('ledger.outbox_ord'), 'ledger', ledger_name, 'ledger.skipped', '{}',
        clock_timestamp()
    from generate_series(kept_seq + waiting + 1, restored_seq - 1);
    insert into ledger.outbox (ledger_id, ord, aggregatetype, aggregateid, type, payload,
        recorded_at)
    values (l, nextval('ledger.outbox_ord'), 'ledger', ledger_name, 'ledger.restored',
        concat('{"kept_seq":', kept_seq, ',"log_number":', number, '}'), clock_timestamp());
    return next;
end $$;

CREATE FUNCTION zerosum.reverse(ledger bigint, id bigint, amount numeric DEFAULT NULL::numeric, key text DEFAULT NULL::text, postings jsonb DEFAULT NULL::jsonb, force boolean DEFAULT false, reference text DEFAULT NULL::text, description text DEFAULT NULL::text, metadata jsonb DEFAULT NULL::jsonb, effective_at timestamp with time zone DEFAULT NULL::timestamp with time zone, conditions jsonb DEFAULT NULL::jsonb) RETURNS TABLE(replayed boolean, transaction json)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    told record;
begin
    told := zerosum.run($1, 'reversal', null, null, null, $4, $7, $8, $9, $10, $11,
        jsonb_strip_nulls(jsonb_build_object('transaction', $2, 'amount', $3::text, 'postings', $5,
            'force', nullif($6, false))));
    replayed := told.replayed;
    transaction := told.transaction;
    return next;
end $_$;

CREATE FUNCTION zerosum.revoke_key(ledger bigint, id bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    moment constant timestamptz := clock_timestamp();
begin
    update ledger.api_keys k set revoked_at = coalesce(k.revoked_at, moment)
    where k.ledger_id = $1 and k.id = $2;
    return found;
end $_$;

CREATE FUNCTION zerosum.rewind_consumer(ledger bigint, name text, next_seq bigint) RETURNS TABLE(body text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    last bigint;
    place bigint;
    c ledger.consumers;
begin
    select f.last_seq into last from ledger.feeds f where f.ledger_id = $1 for update;
    place := zerosum.kept_after($1, least($3 - 1, last));
    update ledger.consumers o
    set acknowledged_seq = place, lease = null, leased_seq = null, leased_until = null
    where o.ledger_id = $1 and o.name = $2
    returning o.* into c;
    if c.name is not null then
        body := zerosum.consumer_json(c);
        return next;
    end if;
end $_$;

CREATE FUNCTION zerosum.rotate_secret(ledger bigint, endpoint bigint, secret text, public_key bytea, overlap_s double precision) RETURNS TABLE(body text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    moment constant timestamptz := clock_timestamp();
    p ledger.endpoints;
begin
    select * into p from ledger.endpoints e
    where e.ledger_id = $1 and e.id = $2 and e.deleted_at is null
    for update;
    if not found then
        return;
    end if;
    update ledger.endpoint_secrets s
    set expires_at = least(s.expires_at, moment + make_interval(secs => overlap_s))
    where s.endpoint_id = p.id and s.ledger_id = p.ledger_id;
    delete from ledger.endpoint_secrets s
    where s.endpoint_id = p.id and s.ledger_id = p.ledger_id and (s.expires_at <= moment or s.number
        <= (select max(n.number) - 4 from ledger.endpoint_secrets n
            where n.endpoint_id = p.id and n.ledger_id = p.ledger_id));
    perform zerosum.add_endpoint_secret(p, secret, public_key);
    perform zerosum.endpoint_event(p, 'endpoint.secret_rotated');
    body := zerosum.endpoint_json(p);
    return next;
end $_$;

CREATE FUNCTION zerosum.run(ledger bigint, kind text, source text, destination text, amount numeric, key text, reference text, description text, metadata jsonb, effective_at timestamp with time zone, conditions jsonb, options jsonb DEFAULT NULL::jsonb, OUT replayed boolean, OUT transaction json) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
    postings constant int := case when kind in ('capture', 'void', 'reversal') then 0 else 1 end;
    settled record;
    posted text;
begin
    if starts_with(key, chr(127)) then
        raise exception 'invalid_key' using errcode = zerosum.sqlstate('invalid_key'),
            detail = '{"code" : "invalid_key"}';
    end if;
    if kind in ('transfer', 'credit', 'debit') and conditions is null and options is null then
        posted := zerosum.post_plain(ledger, kind, key, source, destination, amount::text,
            reference, description,
            metadata, effective_at);
        if posted is not null then
            replayed := false;
            transaction := posted;
            return;
        end if;
    end if;
    select p.outcome, p.body into settled
    from zerosum.post(ledger, array[kind], array[key], array_fill(1, array[postings]),
        array_fill(source, array[postings]), array_fill(destination, array[postings]),
        array_fill(amount::text, array[postings]), array[reference], array[description],
        array[metadata],
        array[effective_at], false, array[conditions], array[options]) p;
    if settled.outcome = 'refused' then
        raise exception '%', settled.body::json ->> 'code'
            using errcode = zerosum.sqlstate(settled.body::json ->> 'code'), detail = settled.body;
    end if;
    replayed := settled.outcome = 'replayed';
    transaction := settled.body;
end $$;

CREATE FUNCTION zerosum.search_transactions(ledger bigint, before bigint, max integer, wallet text DEFAULT NULL::text, kind text DEFAULT NULL::text, reference text DEFAULT NULL::text, key text DEFAULT NULL::text, since timestamp with time zone DEFAULT NULL::timestamp with time zone, until timestamp with time zone DEFAULT NULL::timestamp with time zone, keys text[] DEFAULT '{}'::text[], vals text[] DEFAULT '{}'::text[]) RETURNS TABLE(id bigint, body text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $_$
#variable_conflict use_column
declare
    l constant bigint := $1;
    most constant int := 10000;
    skew constant interval := '1 second';
    first constant bigint := case when $8 is null then 0
        else zerosum.transaction_at(l, $8 - skew) end;
    past bigint := least(coalesce($2, 9223372036854775807),
        case when $9 is not null then zerosum.transaction_at(l, $9 + skew) end);
    -- Is no wallet wanted, or does next_transactions() go by the wallet?
    by_wallet constant boolean := $4 is null or ($6 is null and $7 is null);
    looked bigint[];
    found_ids bigint[] := '{}';
    step int := least($3, 1000);
    left_to_look int := most;
begin
    loop
        looked := zerosum.next_transactions(l, first, past, step, $4, $6, $7);
        exit when cardinality(looked) = 0;
        found_ids := found_ids || array(
            select t.id
            from unnest(looked) with ordinality i (id, place)
            cross join lateral (
                select * from ledger.transactions t where t.ledger_id = l and t.id = i.id limit 1
            ) t
            where t.kind = coalesce($5, t.kind)
                and (by_wallet or $4 = any (array(
                    select e.wallet_id from ledger.entries e
                    where e.transaction_id = t.id and e.ledger_id = l)))
                and ($6 is null or t.reference = $6)
                and ($8 is null or t.recorded_at >= $8) and ($9 is null or t.recorded_at < $9)
                and not exists (
                    select from unnest($10, $11) f (key, val)
                    where t.metadata ->> f.key is distinct from f.val)
            order by i.place limit $3 - cardinality(found_ids));
        exit when cardinality(found_ids) = $3;
        past := looked[cardinality(looked)];
        left_to_look := left_to_look - step;
        exit when left_to_look <= 0;
        step := least(step * 2, 1000, left_to_look);
    end loop;
    return query select a.id, a.body from zerosum.answer(l, found_ids) a order by a.id desc;
    if left_to_look <= 0 and cardinality(found_ids) < $3 then
        id := past;
        body := null;
        return next;
    end if;
end $_$;

CREATE FUNCTION zerosum.send_again(ledger bigint, endpoint bigint, seq bigint) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    moment constant timestamptz := clock_timestamp();
begin
    insert into ledger.attempts (ledger_id, endpoint_id, seq, number, at, duration_ms, status,
        address, answer)
    select d.ledger_id, d.endpoint_id, d.seq, coalesce((
            select max(a.number) from ledger.attempts a
            where a.endpoint_id = $2 and a.ledger_id = $1 and a.seq = $3), 0) + 1,
        d.settled_at, d.duration_ms, d.last_status, d.address, d.answer
    from ledger.deliveries d
    where d.endpoint_id = $2 and d.ledger_id = $1 and d.seq = $3 and d.status = 'delivered'
        and d.duration_ms is not null
    on conflict do nothing;
    insert into ledger.deliveries as d (ledger_id, endpoint_id, seq, due_at)
    select f.ledger_id, p.id, $3, moment
    from ledger.feeds f join ledger.endpoints p on p.ledger_id = f.ledger_id
    where f.ledger_id = $1 and $3 between 1 and f.last_seq and p.id = $2
        and p.disabled_at is null
    on conflict (endpoint_id, ledger_id, seq) do update
    set status = 'pending', due_at = excluded.due_at, settled_at = null, attempts = 0,
        duration_ms = null;
    return found;
end $_$;

CREATE FUNCTION zerosum.seq_at(ledger bigint, at timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql STABLE STRICT
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    low bigint := zerosum.purged_seq(ledger);
    high bigint;
    middle bigint;
    recorded timestamptz;
begin
    select f.last_seq into high from ledger.feeds f where f.ledger_id = $1;
    while low < high loop
        middle := (low + high + 1) / 2;
        select v.recorded_at into recorded from zerosum.feed($1, middle - 1, middle) v;
        if recorded < at then
            low := middle;
        else
            high := middle - 1;
        end if;
    end loop;
    return low;
end $_$;

CREATE FUNCTION zerosum.session_limits() RETURNS TABLE(statement_ms integer, lock_ms integer)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select max(s.setting) filter (where s.name = 'statement_timeout')::int,
        max(s.setting) filter (where s.name = 'lock_timeout')::int
    from pg_settings s where s.name in ('statement_timeout', 'lock_timeout')
$$;

CREATE FUNCTION zerosum.set_wallet_status(ledger bigint, id text, status text, credits boolean, event text, admin boolean) RETURNS TABLE(outcome text, body text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    refusal text := zerosum.lock_wallet($1, $2, $6);
    w ledger.wallets;
begin
    select x.* into w from ledger.wallets x where x.ledger_id = $1 and x.id = $2;
    refusal := coalesce(refusal, case
        when $3 <> 'closed' and w.status = 'closed' then json_build_object('code', 'wallet_closed',
            'wallet', w.id)
        when $3 = 'closed' and (w.posted <> 0 or w.held <> 0)
            then json_build_object('code', 'wallet_not_empty',
            'wallet', w.id, 'asset', w.asset, 'posted', w.posted, 'held', w.held)
    end::text);
    if refusal is not null then
        return query select 'refused', refusal;
        return;
    end if;
    if w.status <> $3 or w.credits_while_frozen <> $4 then
        update ledger.wallets x set status = $3, credits_while_frozen = $4
        where x.ledger_id = $1 and x.id = $2 returning x.* into w;
        perform zerosum.wallet_event(w, $5);
    end if;
    return query select 'done', zerosum.wallet_json(w);
end $_$;

CREATE FUNCTION zerosum.settle_busy(l bigint, requests ledger.request[], postings ledger.posting[], firsts integer[], lasts integer[], INOUT watched text[], INOUT outcomes text[], INOUT bodies text[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
declare
    busy constant text[] := zerosum.busy_wallets(l, watched || array(
        select v.id
        from unnest(postings) p
        cross join lateral (values (p.source), (p.destination)) v (id)
        where outcomes[p.request] is null and v.id is not null));
    busy_keys text[] := '{}';
    request ledger.request;
    posting ledger.posting;
begin
    watched := array(select x.id from unnest(watched) x (id) where x.id <> all (busy));
    for i in 1..cardinality(requests) loop
        continue when outcomes[i] is not null;
        request := requests[i];
        for p in firsts[i]..lasts[i] loop
            posting := postings[p];
            if posting.source = any (busy) or posting.destination = any (busy) then
                outcomes[i] := 'busy';
                bodies[i] := case when posting.source = any (busy) then posting.source
                    else posting.destination end;
                exit;
            end if;
        end loop;
        if outcomes[i] is null and (request.key = any (busy_keys) or request.conditions is not null
            and exists (
            select from jsonb_array_elements(request.conditions) c (one)
                where c.one ->> 'wallet' = any (busy)))
        then
            outcomes[i] := 'busy';
        end if;
        if outcomes[i] = 'busy' then
            busy_keys := busy_keys || request.key;
        end if;
    end loop;
end $$;

CREATE FUNCTION zerosum.settle_known(known ledger.known_key[], fingerprints bytea[], INOUT outcomes text[], INOUT bodies text[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
declare
    found_key ledger.known_key;
begin
    foreach found_key in array known loop
        if outcomes[found_key.request] is null then
            if fingerprints[found_key.request] = found_key.fingerprint then
                outcomes[found_key.request] := 'replayed';
            else
                outcomes[found_key.request] := 'refused';
                bodies[found_key.request] := json_build_object('code', 'idempotency_key_reused');
            end if;
        end if;
    end loop;
end $$;

CREATE TABLE ledger.sinks (
    ledger_id bigint NOT NULL,
    id bigint DEFAULT nextval('ledger.endpoint_id'::regclass) NOT NULL,
    name text NOT NULL,
    url text NOT NULL,
    types text[] NOT NULL,
    sent_seq bigint NOT NULL,
    configured boolean NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    paused_at timestamp with time zone,
    error text,
    failed_at timestamp with time zone,
    paused_by text,
    CONSTRAINT sinks_name_length CHECK (((length(name) >= 1) AND (length(name) <= 512))),
    CONSTRAINT sinks_paused CHECK (((paused_at IS NULL) = (paused_by IS NULL))),
    CONSTRAINT sinks_paused_by CHECK ((paused_by = ANY (ARRAY['operator'::text, 'settings'::text]))),
    CONSTRAINT sinks_sent_seq_range CHECK ((sent_seq >= 0)),
    CONSTRAINT sinks_types_count CHECK (((cardinality(types) >= 1) AND (cardinality(types) <= 32))),
    CONSTRAINT sinks_url_length CHECK (((length(url) >= 1) AND (length(url) <= 4096)))
);

CREATE FUNCTION zerosum.sink_json(s ledger.sinks, last_seq bigint) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select concat('{"id":', s.id, ',"name":', to_json(s.name), ',"types":', to_json(s.types),
        ',"state":"',
        zerosum.sink_state(s),
        '","sent_seq":', s.sent_seq, ',"behind":', greatest(last_seq - s.sent_seq, 0),
        ',"error":', 
            coalesce(to_json(case s.paused_by when 'settings' then 'not in ZEROSUM_SINKS'
                else s.error end)::text, 'null'),
        ',"failed_at":', case when s.failed_at is null then 'null'
            else zerosum.time_json(s.failed_at) end,
        ',"created_at":', zerosum.time_json(s.created_at), '}')
$$;

CREATE FUNCTION zerosum.sink_state(s ledger.sinks) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select case when s.paused_at is not null then 'paused' when s.error is not null then 'retrying'
        else 'ok' end
$$;

CREATE FUNCTION zerosum.sink_states() RETURNS TABLE(ledger text, name text, state text, behind bigint, error text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select g.name, s.name,
        zerosum.sink_state(s),
        greatest(coalesce(f.last_seq, 0) - s.sent_seq, 0), s.error
    from ledger.sinks s
    join ledger.ledgers g on g.ledger_id = s.ledger_id
    left join ledger.feeds f on f.ledger_id = s.ledger_id
    order by g.name, s.name
$$;

CREATE FUNCTION zerosum.skip_ids() RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    -- A billion is two days at 5,000 transactions a second; ids stay exact in JSON, below 2^53.
    select setval('ledger.transaction_id', nextval('ledger.transaction_id') + 1000000000),
        setval('ledger.outbox_ord', nextval('ledger.outbox_ord') + 1000000000),
        setval('ledger.endpoint_id', nextval('ledger.endpoint_id') + 1000000),
        setval('ledger.api_key_id', nextval('ledger.api_key_id') + 1000000),
        setval('ledger.ledger_id', nextval('ledger.ledger_id') + 1000000);
$$;

CREATE FUNCTION zerosum.split_width(n bigint) RETURNS bigint
    LANGUAGE plpgsql IMMUTABLE STRICT
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    width bigint := 1;
begin
    while width * 2 < n loop
        width := width * 2;
    end loop;
    return width;
end $$;

CREATE FUNCTION zerosum.sqlstate(code text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $_$
    select case $1
        when 'invalid_kind' then 'ZS101'
        when 'invalid_key' then 'ZS102'
        when 'invalid_postings' then 'ZS103'
        when 'invalid_amount' then 'ZS104'
        when 'invalid_wallet_id' then 'ZS105'
        when 'same_wallet' then 'ZS106'
        when 'invalid_reference' then 'ZS107'
        when 'invalid_description' then 'ZS108'
        when 'invalid_metadata' then 'ZS109'
        when 'invalid_effective_at' then 'ZS110'
        when 'transaction_too_large' then 'ZS111'
        when 'invalid_limits' then 'ZS112'
        when 'invalid_asset' then 'ZS113'
        when 'invalid_conditions' then 'ZS114'
        when 'invalid_options' then 'ZS115'
        when 'invalid_expires_at' then 'ZS116'
        when 'unknown_wallet' then 'ZS201'
        when 'asset_mismatch' then 'ZS202'
        when 'wallet_frozen' then 'ZS203'
        when 'wallet_closed' then 'ZS204'
        when 'insufficient_funds' then 'ZS205'
        when 'max_balance_exceeded' then 'ZS206'
        when 'balance_overflow' then 'ZS207'
        when 'idempotency_key_reused' then 'ZS208'
        when 'unknown_asset' then 'ZS209'
        when 'wallet_exists' then 'ZS210'
        when 'reserved_wallet_id' then 'ZS211'
        when 'asset_exists' then 'ZS212'
        when 'wallet_not_empty' then 'ZS213'
        when 'balance_outside_limits' then 'ZS214'
        when 'wallet_changed' then 'ZS215'
        when 'available_too_low' then 'ZS216'
        when 'unknown_hold' then 'ZS217'
        when 'hold_captured' then 'ZS218'
        when 'hold_voided' then 'ZS219'
        when 'hold_expired' then 'ZS220'
        when 'hold_exceeded' then 'ZS221'
        when 'unknown_transaction' then 'ZS222'
        when 'not_reversible' then 'ZS223'
        when 'reversal_exceeded' then 'ZS224'
        when 'lease_lost' then 'ZS301'
        when 'events_purged' then 'ZS302'
        when 'cursor_ahead' then 'ZS303'
        else 'ZS000' end
$_$;

CREATE FUNCTION zerosum.stamp(ledger bigint, holder text, epoch bigint, max_events integer) RETURNS TABLE(stamped integer, endpoints bigint[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    f ledger.feeds;
    ords bigint[];
    new_types text[];
begin
    f := zerosum.locked_feed(l, holder, epoch);
    ords := array(select o.ord from ledger.outbox o where o.ledger_id = l
        order by o.ord limit max_events);
    stamped := cardinality(ords);
    endpoints := '{}';
    if stamped = 0 then
        return next;
        return;
    end if;
    with stamped_now as (
        insert into ledger.events (ledger_id, seq, transaction_id, recorded_at, id, type, leaf,
            body)
        select b.ledger_id, b.seq, b.transaction_id, b.recorded_at, b.id, b.type,
            sha256(E'\\x00' || convert_to(b.body, 'UTF8')), b.body
        from (
            select s.*, concat('{"id":"', s.id, '","type":"', s.type, '","seq":', s.seq,
                ',"ledger":',
                to_json(s.name), ',"timestamp":', zerosum.time_json(s.recorded_at), ',"data":',
                s.payload,
                '}') as body
            from (
                select o.*, g.name, f.last_seq + row_number() over (order by o.ord) as seq
                from unnest(ords) x (ord)
                cross join lateral (
                    select * from ledger.outbox o where o.ledger_id = l and o.ord = x.ord limit 1
                ) o
                join ledger.ledgers g on g.ledger_id = o.ledger_id
            ) s
        ) b
        order by b.seq
        returning type
    )
    select array_agg(distinct type) into new_types from stamped_now;
    endpoints := array(
        select p.id from ledger.endpoints p
        where p.ledger_id = l and p.disabled_at is null and exists (
            select from unnest(new_types) t (type) where zerosum.type_matches(t.type, p.types))
        union all
        select s.id from ledger.sinks s
        where s.ledger_id = l and s.paused_at is null and exists (
            select from unnest(new_types) t (type) where zerosum.type_matches(t.type, s.types))
    );
    -- The range is for the planner: with a table that was vacuumed and never analysed it would
    -- read all rows of the ledger.
    delete from ledger.outbox o
    where o.ledger_id = l and o.ord between ords[1] and ords[stamped] and o.ord = any (ords);
    update ledger.feeds set last_seq = f.last_seq + stamped where ledger_id = l;
    if f.last_seq / 256 < (f.last_seq + stamped) / 256 then
        perform zerosum.fill_tiles(l, f.last_seq + stamped);
    end if;
    return next;
end $$;

CREATE FUNCTION zerosum.start_import(name text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    l constant bigint := zerosum.create_ledger(name);
begin
    perform from ledger.feeds f where f.ledger_id = l for update;
    if exists (select from ledger.wallets w where w.ledger_id = l)
        or zerosum.last_transaction(l) > 0
        or exists (select from ledger.feeds f where f.ledger_id = l and f.last_seq > 0)
        or exists (select from ledger.outbox o where o.ledger_id = l)
    then
        return null;
    end if;
    return l;
end $$;

CREATE FUNCTION zerosum.stay_awake(milliseconds integer) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select setval('ledger.awake', case when $1 = 0 then 0
        else (extract(epoch from clock_timestamp()) * 1000)::bigint + $1 end)
$_$;

CREATE FUNCTION zerosum.store_endpoint(p ledger.endpoints) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    update ledger.endpoints e
    set url = p.url, types = p.types, wallets = p.wallets, kinds = p.kinds, headers = p.headers,
        header_names = p.header_names, amounts = p.amounts, timeout_s = p.timeout_s,
        concurrency = p.concurrency, ordered = p.ordered, rate_limit = p.rate_limit,
        description = p.description, metadata = p.metadata
    where e.ledger_id = p.ledger_id and e.id = p.id
$$;

CREATE FUNCTION zerosum.stored_secrets() RETURNS TABLE(kind text, ledger bigint, id bigint, number integer, value text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select 'webhook secret', s.ledger_id, s.endpoint_id, s.number, s.secret
    from ledger.endpoint_secrets s
    union all
    select 'webhook headers', p.ledger_id, p.id, 0, p.headers from ledger.endpoints p
    where p.headers is not null
    union all
    select 'sink url', s.ledger_id, s.id, 0, s.url from ledger.sinks s
$$;

CREATE FUNCTION zerosum.take_leases(holder text, seconds double precision, horizon text DEFAULT NULL::text) RETURNS TABLE(ledger_id bigint, epoch bigint, waiting boolean, due bigint[], expired boolean, whole boolean, settled boolean, moment timestamp with time zone, name text, surplus boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    -- (A condition with clock_timestamp() itself would read the index of due deliveries to its
    -- end.)
    now_is constant timestamptz := clock_timestamp();
    span constant interval := make_interval(secs => $2);
    share int;
    held int;
    ends_soon boolean;
begin
    if not exists (
        select from ledger.relays r
        where r.holder = $1 and r.until > now_is + span / 2 and r.until <= now_is + 2 * span)
    then
        insert into ledger.relays as r values ($1, now_is + span)
        on conflict (holder) do update set until = excluded.until;
        delete from ledger.relays r where r.until < now_is - 10 * span;
    end if;
    -- Each relay has as many, and who holds most has one more where that does not come out even:
    -- nobody has none while another has two, and no lease changes hands without need.
    select m.ledgers / m.relays + (m.place <= m.ledgers % m.relays)::int, m.held, m.ends_soon
    into share, held, ends_soon
    from (
        select r.holder, count(f.ledger_id) as held,
            bool_or(f.until < now_is + span / 2) as ends_soon,
            row_number() over (order by count(f.ledger_id) desc, r.holder) as place,
            count(*) over () as relays, (select count(*) from ledger.feeds) as ledgers
        from ledger.relays r
        left join ledger.feeds f on f.holder = r.holder
            and f.until > now_is and f.until <= now_is + 2 * span
        where r.until > now_is and r.until <= now_is + 2 * span
        group by r.holder
    ) m
    where m.holder = $1;
    if ends_soon then
        update ledger.feeds f set until = now_is + span
        from (
            select f.ledger_id from ledger.feeds f
            where f.holder = $1 and f.until > now_is and f.until < now_is + span / 2
            order by f.ledger_id
            for update skip locked
        ) x
        where f.ledger_id = x.ledger_id;
    end if;
    if held < share then
        update ledger.feeds f set holder = $1, until = now_is + span, epoch = f.epoch + 1
        from (
            select f.ledger_id from ledger.feeds f
            where f.until <= now_is or f.until > now_is + 2 * span
            order by f.ledger_id
            limit share - held
            for update skip locked
        ) x
        where f.ledger_id = x.ledger_id;
    end if;
    return query
        select f.ledger_id, f.epoch,
            exists (select from ledger.outbox o where o.ledger_id = f.ledger_id),
            array(
                select p.id from ledger.endpoints p
                where p.ledger_id = f.ledger_id and p.disabled_at is null
                    and (p.sent_seq < f.last_seq or exists (
                    select from ledger.deliveries d
                    where d.ledger_id = f.ledger_id and d.endpoint_id = p.id
                        and d.status = 'pending'
                        and d.due_at <= now_is)
                    or exists (
                        select from ledger.replays r
                        where r.ledger_id = f.ledger_id and r.endpoint_id = p.id
                            and r.finished_at is null))
                union all
                select s.id from ledger.sinks s
                where s.ledger_id = f.ledger_id and s.paused_at is null and s.sent_seq < f.last_seq
            ),
            exists (
                select from ledger.hold_postings p
                where p.posting = 1 and p.due_at <= now_is and p.ledger_id = f.ledger_id),
            not exists (select from ledger.feeds o where o.holder is distinct from $1
                or o.until <= clock_timestamp()),
            coalesce(pg_snapshot_xmin(pg_current_snapshot()) >= $3::xid8, true),
            now_is,
            (select g.name from ledger.ledgers g where g.ledger_id = f.ledger_id),
            row_number() over (order by f.ledger_id) > share
        from ledger.feeds f
        where f.holder = $1 and f.until > clock_timestamp();
end $_$;

CREATE FUNCTION zerosum.tell_progress(told timestamp with time zone, message text) RETURNS timestamp with time zone
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if clock_timestamp() <= told + interval '1 second' then
        return told;
    end if;
    raise notice '%', message;
    return clock_timestamp();
end $$;

CREATE FUNCTION zerosum.test_endpoint(ledger bigint, endpoint bigint) RETURNS uuid
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select zerosum.endpoint_event(p, 'endpoint.test')
    from (
        select p.* from ledger.endpoints p
        where p.ledger_id = $1 and p.id = $2 and p.disabled_at is null and p.deleted_at is null
        for share
    ) p
$_$;

CREATE FUNCTION zerosum.tile_hashes(ledger bigint, level integer, tile bigint, first integer, count integer) RETURNS bytea[]
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $_$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    at constant smallint := level;
    below constant bigint := tile * 256 + first;
    kept constant bytea := (
        select substr(t.hashes, first * 32 + 1, $5 * 32) from ledger.tiles t
        where t.ledger_id = l and t.level = at and t.number = tile limit 1);
begin
    if kept is not null then
        return array(select substr(kept, i * 32 + 1, 32) from generate_series(0, $5 - 1) i);
    elsif at = 0 then
        return array(
            select v.leaf from ledger.events v
            where v.ledger_id = l and v.seq > below and v.seq <= below + $5 order by v.seq);
    end if;
    return array(
        select coalesce(t.root,
            zerosum.hashes_root(zerosum.tile_hashes(l, at - 1, x.number, 0, 256)))
        from generate_series(below, below + $5 - 1) x (number)
        left join lateral (
            select t.root from ledger.tiles t
            where t.ledger_id = l and t.level = at - 1 and t.number = x.number limit 1
        ) t on true
        order by x.number);
end $_$;

CREATE FUNCTION zerosum.time_json(at timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select to_char(at at time zone 'utc', E'"\\""YYYY-MM-DD"T"HH24:MI:SS.US"Z\\""')
$$;

CREATE FUNCTION zerosum.transaction_at(ledger bigint, at timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql STABLE
    AS $_$
declare
    -- All ids up to low were recorded before `at`; those from high on were not.
    low bigint := 0;
    high bigint := 1 + zerosum.last_transaction($1);
    middle bigint;
    one record;
begin
    while low + 1 < high loop
        middle := (low + high) / 2;
        select t.id, t.recorded_at into one from ledger.transactions t
        where (t.ledger_id + 0, t.id) >= ($1, middle) and (t.ledger_id + 0, t.id) < ($1, high)
        order by t.ledger_id + 0, t.id limit 1;
        if not found or one.recorded_at >= at then
            high := middle;
        else
            low := one.id;
        end if;
    end loop;
    return high;
end $_$;

CREATE FUNCTION zerosum.transaction_event(ledger bigint, id bigint) RETURNS TABLE(seq bigint, body text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $_$
#variable_conflict use_column
declare
    step constant int := 1000;
    at constant timestamptz := (
        select t.recorded_at from ledger.transactions t where t.ledger_id = $1 and t.id = $2);
    first constant bigint := zerosum.seq_at($1, at - interval '1 second');
    purged constant bigint := zerosum.purged_seq($1);
    low bigint := first;
begin
    while low < first + 20 * step loop
        return query
            select v.seq, v.body from zerosum.feed($1, low, low + step) v
            where v.transaction_id = $2;
        exit when found or low >= zerosum.last_event($1);
        low := low + step;
    end loop;
    if not found and purged > 0 and first = purged then
        perform zerosum.refuse_purged(purged);
    end if;
end $_$;

CREATE FUNCTION zerosum.transaction_json(id bigint, kind text, postings text, entries text, reference text, description text, metadata jsonb, effective text, recorded text, key text, extra text) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select concat('{"id":', id, ',"kind":"', kind, '","postings":[', postings, '],"entries":[',
        entries, '],',
        zerosum.details_json(reference, description, metadata, effective, recorded, key),
        ',' || extra, '}')
$$;

CREATE FUNCTION zerosum.transfer(ledger bigint, source text, destination text, amount numeric, key text DEFAULT NULL::text, reference text DEFAULT NULL::text, description text DEFAULT NULL::text, metadata jsonb DEFAULT NULL::jsonb, effective_at timestamp with time zone DEFAULT NULL::timestamp with time zone, conditions jsonb DEFAULT NULL::jsonb) RETURNS TABLE(replayed boolean, transaction json)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    told record;
begin
    told := zerosum.run(ledger, 'transfer', source, destination, amount, key, reference,
        description, metadata, effective_at, conditions);
    replayed := told.replayed;
    transaction := told.transaction;
    return next;
end $$;

CREATE FUNCTION zerosum.trial_balance(ledger bigint) RETURNS TABLE(asset text, total numeric, held numeric, wallets bigint, entries bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select w.asset, sum(w.posted), sum(w.held), count(*), sum(w.version)::bigint
    from ledger.wallets w where w.ledger_id = $1
    group by w.asset order by w.asset
$_$;

CREATE FUNCTION zerosum.type_matches(type text, patterns text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $_$
    select $1 = any ($2) or $1 <> 'ledger.skipped' and ('*' = any ($2) or exists (
        select from unnest($2) p (pattern)
        where right(p.pattern, 2) = '.*' and starts_with($1, left(p.pattern, -1))))
$_$;

CREATE FUNCTION zerosum.unfreeze_wallet(ledger bigint, id text, admin boolean DEFAULT false) RETURNS TABLE(outcome text, body text)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select * from zerosum.set_wallet_status($1, $2, 'open', false, 'wallet.unfrozen', $3)
$_$;

CREATE FUNCTION zerosum.unit_fingerprints(requests ledger.request[], fingerprints bytea[]) RETURNS bytea[]
    LANGUAGE plpgsql STABLE
    AS $$
begin
    return array(
        select case when u.unit is null then u.fingerprint
            else sha256(u.fingerprint
                || sha256(string_agg(u.fingerprint, '') over (partition by u.unit order by u.number
                rows between unbounded preceding and unbounded following))) end
        from (select r.unit, r.number, fingerprints[r.number] as fingerprint
            from unnest(requests) r) u
        order by u.number
    );
end $$;

CREATE FUNCTION zerosum.unsafe_settings() RETURNS TABLE(name text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select s.name from pg_settings s
    where s.name in ('fsync', 'full_page_writes', 'synchronous_commit') and s.setting = 'off'
    order by s.name
$$;

CREATE FUNCTION zerosum.verify(ledger bigint) RETURNS TABLE(fault text, subject text, detail text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET client_min_messages TO 'notice'
    AS $$
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

CREATE FUNCTION zerosum.verify_events(ledger bigint, low bigint, high bigint) RETURNS TABLE(fault text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
with v as materialized (
    select * from zerosum.feed($1, $2, $3) v
), purged as materialized (
    select * from zerosum.purged_events($1, $2, $3) p
)
select 'event', v.seq::text, concat_ws(', ',
    case when v.seq <> v.place then 'seq is number ' || v.place end,
    case when v.leaf <> sha256(E'\\x00' || convert_to(v.body, 'UTF8'))
        then 'leaf is not the body''s' end,
    case when not starts_with(v.body, v.head) then 'body is not the row''s' end)
from (
    select v.*, $2 + row_number() over (order by v.seq) as place,
        concat('{"id":"', v.id, '","type":"', v.type, '","seq":', v.seq, ',"ledger":',
            to_json(g.name), ',') as head
    from (
        select v.seq, v.id, v.type, v.leaf, v.body from v
        union all
        select p.seq, p.id, p.type, p.leaf, null from purged p
    ) v
    join ledger.ledgers g on g.ledger_id = $1
) v
where v.seq <> v.place or v.leaf <> sha256(E'\\x00' || convert_to(v.body, 'UTF8'))
    or not starts_with(v.body, v.head)
union all
select 'event', t.id::text, 'data is not the transaction'
from v join zerosum.answer($1, array(select transaction_id from v where transaction_id is not null))
    t
    on t.id = v.transaction_id
where t.body <> substr(v.body, strpos(v.body, ',"data":') + 8,
    length(v.body) - strpos(v.body, ',"data":') - 8)
union all
select 'event', t.id::text, 'leaf of the purged event is not the transaction''s'
from purged p
join zerosum.answer($1, array(select transaction_id from purged where transaction_id is not null)) t
    on t.id = p.transaction_id
join ledger.transactions r on r.id = p.transaction_id and r.ledger_id = $1
join ledger.ledgers g on g.ledger_id = $1
where p.leaf is distinct from sha256(E'\\x00' || convert_to(concat('{"id":"', p.id, '","type":"',
    p.type, '","seq":', p.seq, ',"ledger":', to_json(g.name), ',"timestamp":',
    zerosum.time_json(r.recorded_at), ',"data":', t.body, '}'), 'UTF8'))
$_$;

CREATE FUNCTION zerosum.verify_feed(ledger bigint, since bigint) RETURNS TABLE(fault text, subject text, detail text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET client_min_messages TO 'notice'
    AS $$
#variable_conflict use_column
declare
    slice constant int := 5000;
    last constant bigint := zerosum.last_event(ledger);
    told timestamptz := '-infinity';
    at bigint := since;
begin
    while at < last loop
        return query select * from zerosum.verify_events(ledger, at, at + slice);
        at := at + slice;
        exit when at >= last;
        if clock_timestamp() > told + interval '1 second' then
            told := clock_timestamp();
            raise notice 'events: % of % looked at', at, last;
        end if;
    end loop;
end $$;

CREATE FUNCTION zerosum.verify_holds(ledger bigint, low bigint, high bigint) RETURNS TABLE(fault text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
with derived as materialized (
    select t.origin_id as id, bool_or(t.kind = 'void') as voided,
        coalesce(sum(e.amount), 0) as moved,
        min(t.kind) as kind, max(t.kind) as last_kind, max(t.recorded_at) as last_at
    from ledger.transactions t
    left join ledger.entries e on e.ledger_id = t.ledger_id and e.transaction_id = t.id
        and e.amount > 0
    where t.ledger_id = $1 and t.origin_id > $2 and t.origin_id <= coalesce($3, 9223372036854775807)
    group by t.origin_id
), held as (
    select p.hold_id as id, sum(p.captured) as captured, sum(p.held) as held, count(*) as size,
        max(p.posting) as last,
        min(p.expires_at) as expires_at, min(p.status) as status, min(p.settled_at) as settled_at,
        min(p.due_at) as due_at,
        count(distinct (p.expires_at, p.status, p.settled_at, p.due_at)) > 1 as differs
    from ledger.hold_postings p
    where p.ledger_id = $1 and p.hold_id > $2
        and p.hold_id <= coalesce($3, 9223372036854775807) group by p.hold_id
), reversed as (
    select r.transaction_id as id, sum(r.reversed) as reversed from ledger.reversed_postings r
    where r.ledger_id = $1 and r.transaction_id > $2
        and r.transaction_id <= coalesce($3, 9223372036854775807)
    group by r.transaction_id
)
select 'hold', x.id::text, x.detail
from (
    select coalesce(p.id, t.id) as id, concat_ws(', ',
        case when p.id is null then 'no postings' when p.size <> p.last
            then 'postings not 1..n' end,
        case when p.differs then 'expires_at, status, settled_at or due_at differ' end,
        case when p.due_at is distinct from case when p.status = 'pending' then p.expires_at end
            then 'due_at is not when it expires' end,
        case when t.id is null then 'no transaction' end,
        case when p.captured <> coalesce(d.moved, 0) then 'captured ' || p.captured
            || ', captures moved '
            || coalesce(d.moved, 0) end,
        case when p.status <> 'pending' and p.held <> 0 then p.status || ' and still held' end,
        case when (p.status = 'voided') <> coalesce(d.voided, false)
            then 'status is not what was done' end,
        case when p.status = 'captured' and p.settled_at is distinct from d.last_at
            then 'settled_at is not the last capture''s' end,
        case when t.extra not like concat('%,"expires_at":',
            coalesce(zerosum.time_json(p.expires_at), 'null'))
            then 'expires_at is not what was answered' end,
        case when p.status = 'expired' and (p.expires_at <= p.settled_at) is not true
            then 'expired before its time' end
        ) as detail
    from held p
    full join (
        select t.id, t.extra from ledger.transactions t
        where t.ledger_id = $1 and t.id > $2 and t.id <= coalesce($3, 9223372036854775807)
            and t.kind = 'hold'
    ) t on t.id = p.id
    left join derived d on d.id = p.id
) x
where x.detail <> ''
union all
select 'reversal', coalesce(r.id, d.id)::text,
    concat('reversed ', coalesce(r.reversed, 0), ', reversals moved ', coalesce(d.moved, 0))
from reversed r
full join (select * from derived d where d.kind = 'reversal' or d.last_kind = 'reversal') d
    on d.id = r.id
where r.reversed is distinct from d.moved or d.kind <> d.last_kind
$_$;

CREATE FUNCTION zerosum.verify_outbox(ledger bigint) RETURNS TABLE(fault text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
    select 'event', o.transaction_id::text, 'data is not the transaction'
    from ledger.outbox o
    join zerosum.answer($1, array(
        select o.transaction_id from ledger.outbox o where o.ledger_id = $1
            and o.transaction_id is not null)) t
        on t.id = o.transaction_id
    where o.ledger_id = $1 and o.payload <> t.body
    union all
    select 'outbox', $1::text,
        concat('nothing was stamped since ', min(o.recorded_at), ': is a relay running?')
    from ledger.outbox o where o.ledger_id = $1
    having min(o.recorded_at) < clock_timestamp() - interval '10 minutes'
$_$;

CREATE FUNCTION zerosum.verify_since(ledger bigint, since bigint) RETURNS TABLE(fault text, subject text, detail text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET client_min_messages TO 'notice'
    AS $$
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

CREATE FUNCTION zerosum.verify_tiles(ledger bigint, first_tile bigint DEFAULT 0) RETURNS TABLE(fault text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $_$
select 'log', 'tiles of level ' || x.level, concat(x.count, ' kept, ', x.full, ' full')
from (
    select v.level, trunc(coalesce(f.last_seq, 0) / 256::numeric ^ (v.level + 1))::bigint as full, (
            select count(*) from ledger.tiles t where t.ledger_id = $1 and t.level = v.level
        ) as count, (
            select max(t.number) + 1 from ledger.tiles t where t.ledger_id = $1
                and t.level = v.level
        ) as next
    from generate_series(0, 7) v (level) left join ledger.feeds f on f.ledger_id = $1
) x
where x.count <> x.full or coalesce(x.next, 0) <> x.full
union all
select 'log', concat('tile ', t.level, '/', t.number), 'not what is below it, or not its root'
from ledger.tiles t
cross join lateral (
    select case when t.level = 0 then (
            select string_agg(v.leaf, '' order by v.seq)
                from zerosum.feed($1, t.number * 256, (t.number + 1) * 256) v
            having count(*) = 256
        ) else (
            select string_agg(b.root, '' order by b.number) from ledger.tiles b
            where b.ledger_id = $1 and b.level = t.level - 1 and b.number >= t.number * 256
                and b.number < (t.number + 1) * 256
        ) end as hashes
) b
where t.ledger_id = $1 and t.number >= $2 / (1::bigint << 8 * t.level)
    and (t.hashes <> b.hashes or t.root <> zerosum.hashes_root(array(
    select substr(t.hashes, i * 32 + 1, 32) from generate_series(0, 255) i)))
$_$;

CREATE FUNCTION zerosum.verify_transactions(ledger bigint, low bigint, high bigint) RETURNS TABLE(fault text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
with postings as (
    select transaction_id, posting, count(*) = 2 and sum(amount) = 0
        and min(asset) = max(asset) as whole,
        min(recorded_at) as low, max(recorded_at) as high
    from ledger.entries e
    where e.ledger_id = $1 and e.transaction_id > $2
        and e.transaction_id <= coalesce($3, 9223372036854775807)
    group by transaction_id, posting
), bundles as (
    select transaction_id, bool_and(whole) and min(posting) = 1
        and max(posting) = count(*) as whole,
        min(low) as low, max(high) as high
    from postings group by transaction_id
)
select 'transaction', coalesce(t.id, b.transaction_id)::text, concat_ws(', ',
    case when t.id is null then 'entries without a transaction' end,
    case when b.transaction_id is null and t.kind not in ('hold', 'void') then 'no entries'
        when b.transaction_id is not null and t.kind in ('hold', 'void') then 'a ' || t.kind
            || ' with entries' end,
    case when not b.whole then 'postings not 1..n of two entries that sum to zero' end,
    case when b.low <> t.recorded_at or b.high <> t.recorded_at then 'recorded_at differs' end)
from (
    select * from ledger.transactions t where t.ledger_id = $1 and t.id > $2
        and t.id <= coalesce($3, 9223372036854775807)
) t
full join bundles b on b.transaction_id = t.id
where t.id is null or (b.transaction_id is null) <> (t.kind in ('hold', 'void')) or not b.whole
    or b.low <> t.recorded_at or b.high <> t.recorded_at
$_$;

CREATE FUNCTION zerosum.verify_triggers() RETURNS TABLE(fault text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET quote_all_identifiers TO 'off'
    AS $$
with found as (
    select c.relname || '.' || t.tgname as name,
        md5(concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled,
        p.prosrc, p.proconfig, p.prosecdef)) as digest
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
    where c.relnamespace = 'ledger'::regnamespace and not t.tgisinternal
)
select 'trigger', coalesce(x.name, f.name),
    case when f.name is null then 'missing' when x.name is null then 'not one of ours'
        else 'altered or disabled' end
        || coalesce(' (' || f.digest || ')', '')
from zerosum.expected_triggers() x full join found f on f.name = x.name
where f.digest is distinct from x.digest
$$;

CREATE FUNCTION zerosum.verify_wallets(ledger bigint, low text, high text) RETURNS TABLE(fault text, subject text, detail text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
with e as materialized (
    select e.*, sum(e.amount) over w as running, row_number() over w as place,
        lag(e.recorded_at) over w as before, lead(e.version) over w is null as is_last
    from ledger.entries e
    where e.ledger_id = $1 and e.wallet_id > $2 collate "C"
        and e.wallet_id <= coalesce($3, '~') collate "C"
    window w as (partition by e.wallet_id order by e.version)
), sums as (
    select wallet_id, count(*) as entries, sum(amount) as total, max(version) as version,
        min(asset) as asset, max(recorded_at) filter (where is_last) as recorded_at,
        min(asset) <> max(asset) as mixed
    from e group by wallet_id
)
select 'wallet', coalesce(w.id, s.wallet_id), concat_ws(', ',
    case when w.id is null then 'entries without a wallet' end,
    case when w.posted <> coalesce(s.total, 0) then 'posted ' || w.posted || ', entries sum to '
        || coalesce(s.total, 0) end,
    case when w.version <> coalesce(s.version, 0) then 'version ' || w.version
        || ', entries end at '
        || coalesce(s.version, 0) end,
    case when s.version <> s.entries then 'versions have gaps' end,
    case when s.mixed or s.asset <> w.asset then 'entries of another asset' end,
    case when w.recorded_at <> s.recorded_at then 'recorded_at is not the latest entry''s' end,
    case when w.held <> w.reserved then 'held ' || w.held || ', holds reserve ' || w.reserved end,
    case when coalesce(w.next_expiry, 'infinity') > w.expiry
        then 'a hold expires before next_expiry' end,
    case when w.floor_debt <> 0 and w.floor_debt <> w.min_balance - w.posted + w.held then
        'floor_debt is not what is below min_balance' end)
from (
    select w.*, h.reserved, h.expiry
    from ledger.wallets w
    cross join lateral (
        select coalesce(sum(p.held), 0) as reserved, min(p.expires_at) as expiry
        from ledger.hold_postings p
        where p.source = w.id and p.ledger_id + 0 = $1 and p.held > 0
    ) h
    where w.ledger_id = $1 and w.id > $2 collate "C" and w.id <= coalesce($3, '~') collate "C"
) w full join sums s on s.wallet_id = w.id
where w.id is null or w.posted <> coalesce(s.total, 0) or w.version <> coalesce(s.version, 0)
    or s.version <> s.entries or s.mixed or s.asset <> w.asset or w.recorded_at <> s.recorded_at
    or w.held <> w.reserved or coalesce(w.next_expiry, 'infinity') > w.expiry
    or w.floor_debt <> 0 and w.floor_debt <> w.min_balance - w.posted + w.held
union all
select 'entry', wallet_id || '/' || version, concat_ws(', ',
    case when balance <> running then 'balance ' || balance || ', entries sum to ' || running end,
    case when version <> place then 'version is number ' || place end,
    case when recorded_at < before and recorded_at >= before - interval '1 minute'
        then 'recorded_at falls' end)
from e where balance <> running or version <> place
    or recorded_at < before and recorded_at >= before - interval '1 minute'
$_$;

CREATE FUNCTION zerosum.version_at(ledger bigint, wallet text, past bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE
    AS $_$
declare
    low bigint := 0;
    high bigint := 1 + coalesce((
        select e.version from ledger.entries e where e.ledger_id = $1 and e.wallet_id = $2
        order by e.version desc limit 1), 0);
    middle bigint;
    one record;
begin
    while low + 1 < high loop
        middle := (low + high) / 2;
        select e.version, e.transaction_id into one from ledger.entries e
        where e.ledger_id = $1 and e.wallet_id = $2 and e.version >= middle and e.version < high
        order by e.version limit 1;
        if not found or one.transaction_id >= past then
            high := middle;
        else
            low := one.version;
        end if;
    end loop;
    return high;
end $_$;

CREATE FUNCTION zerosum.void(ledger bigint, hold bigint, key text DEFAULT NULL::text, reference text DEFAULT NULL::text, description text DEFAULT NULL::text, metadata jsonb DEFAULT NULL::jsonb, effective_at timestamp with time zone DEFAULT NULL::timestamp with time zone, conditions jsonb DEFAULT NULL::jsonb) RETURNS TABLE(replayed boolean, transaction json)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    told record;
begin
    told := zerosum.run(ledger, 'void', null, null, null, key, reference, description, metadata,
        effective_at, conditions, jsonb_build_object('hold', hold));
    replayed := told.replayed;
    transaction := told.transaction;
    return next;
end $$;

CREATE FUNCTION zerosum.wal_position() RETURNS TABLE(place text, standby boolean)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select (case when r.standby then pg_last_wal_replay_lsn()
            else pg_current_wal_insert_lsn() end)::text,
        r.standby
    from (select pg_is_in_recovery() as standby) r
$$;

CREATE FUNCTION zerosum.wallet_ceiling(w ledger.wallets) RETURNS numeric
    LANGUAGE sql STABLE
    AS $$
    select case when starts_with(w.id, '@world:') then 'Infinity'
        else coalesce(w.max_balance, 1e38 - 1) end
$$;

CREATE FUNCTION zerosum.wallet_event(w ledger.wallets, type text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    moment timestamptz := clock_timestamp();
begin
    if w.recorded_at <= moment + interval '1 minute' then
        moment := greatest(moment, w.recorded_at);
    end if;
    insert into ledger.outbox (ledger_id, ord, aggregatetype, aggregateid, type, payload,
        recorded_at)
    values (w.ledger_id, nextval('ledger.outbox_ord'), 'wallet', w.id, type,
        zerosum.wallet_json(w), moment);
end $$;

CREATE FUNCTION zerosum.wallet_facts(wallet text) RETURNS text
    LANGUAGE sql STABLE
    AS $_$
    select json_build_object('code', case when $1 ~ '^(?![.][.]?$)[A-Za-z0-9_.:@-]{1,128}$'
        then 'unknown_wallet' else 'invalid_wallet_id' end, 'wallet', $1)::text
$_$;

CREATE FUNCTION zerosum.wallet_floor(w ledger.wallets) RETURNS numeric
    LANGUAGE sql STABLE
    AS $$
    select case when starts_with(w.id, '@world:') then '-Infinity'
        else coalesce(w.min_balance - w.floor_debt, 1 - 1e38) + w.held end
$$;

CREATE FUNCTION zerosum.wallet_json(w ledger.wallets) RETURNS text
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
    select concat('{"id":"', w.id, '","asset":"', w.asset, '","posted":', w.posted, ',"held":',
        h.held,
        ',"available":', w.posted - h.held, ',"min_balance":',
        coalesce(w.min_balance::text, 'null'),
        ',"max_balance":', coalesce(w.max_balance::text, 'null'),
        ',"floor_debt":', greatest(0, least(w.floor_debt, w.min_balance - w.posted + h.held)),
        ',"metadata":', w.metadata,
        ',"version":', w.version, ',"status":"', w.status, '","credits_while_frozen":',
        to_json(w.credits_while_frozen), ',"created_at":', zerosum.time_json(w.created_at), '}')
    from (
        -- An expired hold reserves nothing, even before it is settled.
        select w.held - case when w.next_expiry <= clock_timestamp() then (
            select coalesce(sum(p.held), 0) from ledger.hold_postings p
            where p.source = w.id and p.ledger_id + 0 = w.ledger_id
                and p.due_at <= clock_timestamp() and p.held > 0
        ) else 0 end as held
    ) h
$$;

CREATE FUNCTION zerosum.world_asset(l bigint, id text) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select a.code from ledger.assets a
    where a.ledger_id = l and a.code = substr(id, 8) and starts_with(id, '@world:')
$$;

CREATE FUNCTION zerosum.world_wallet(ledger bigint, id text, other text) RETURNS text
    LANGUAGE sql STABLE
    AS $_$
    select case when $2 = '@world' then coalesce('@world:' || (
        select w.asset from ledger.wallets w where w.ledger_id = $1 and w.id = $3), $2) else $2 end
$_$;

CREATE FUNCTION zerosum.write_holds(l bigint, requests ledger.request[], moves ledger.move[], ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    insert into ledger.hold_postings (ledger_id, hold_id, expires_at, due_at, posting, source,
        destination, asset, amount,
        held)
    select g.ledger_id, u.*
    from ledger.ledgers g, (
        select ids[m.request], (requests[m.request].options ->> 'expires_at')::timestamptz,
            (requests[m.request].options ->> 'expires_at')::timestamptz, m.posting,
            m.source, m.destination, m.asset, m.amount, m.amount
        from unnest(moves) m
        where m.from_version is null
    ) u
    where g.ledger_id = l;
end $$;

CREATE FUNCTION zerosum.write_parts(l bigint, at timestamp with time zone, before ledger.parts, after ledger.parts) RETURNS void
    LANGUAGE plpgsql
    SET enable_indexscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_column
declare
    places constant tid[] := before.places;
    statuses_before constant text[] := before.statuses;
    remaining_before constant numeric[] := before.remaining;
    statuses constant text[] := after.statuses;
    remaining constant numeric[] := after.remaining;
    captured constant numeric[] := after.captured;
    changed ledger.changed_part[];
    reversed int[];
    found_rows bigint;
begin
    for slot in 1..coalesce(array_upper(remaining, 1), 0) loop
        if places[slot] is not null then
            if remaining[slot] <> remaining_before[slot] or statuses[slot] <> statuses_before[slot]
                then
                changed := changed || row(places[slot], captured[slot], remaining[slot],
                    statuses[slot])::ledger.changed_part;
            end if;
        elsif remaining[slot] <> remaining_before[slot] then
            reversed := reversed || slot;
        end if;
    end loop;
    if changed is not null then
        update ledger.hold_postings p
        set captured = c.captured, held = c.remaining, status = c.status,
            settled_at = case when c.status <> 'pending' then at end,
            due_at = case when c.status = 'pending' then p.due_at end
        from unnest(changed) c
        where p.ledger_id = l and p.ctid = c.place;
        get diagnostics found_rows = row_count;
        if found_rows <> cardinality(changed) then
            raise exception 'parts of holds are not where they were' using errcode = 'XX000';
        end if;
    end if;
    if reversed is not null then
        insert into ledger.reversed_postings (ledger_id, transaction_id, posting, amount, reversed)
        select g.ledger_id, u.*
        from ledger.ledgers g, (
            select after.origins[s.slot], after.postings[s.slot], after.amounts[s.slot],
                captured[s.slot]
            from unnest(reversed) s (slot)
        ) u
        where g.ledger_id = l
        on conflict (transaction_id, ledger_id, posting) do update set reversed = excluded.reversed;
    end if;
end $$;

CREATE FUNCTION zerosum.write_posted(l bigint, at timestamp with time zone, requests ledger.request[], fingerprints bytea[], outcomes text[], bodies text[], moves ledger.move[], extras text[], before ledger.locked_wallets, after ledger.locked_wallets, parts_before ledger.parts, parts_after ledger.parts) RETURNS text[]
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION zerosum.write_wallets(l bigint, at timestamp with time zone, before ledger.locked_wallets, after ledger.locked_wallets, expiries timestamp with time zone[]) RETURNS void
    LANGUAGE plpgsql
    SET enable_indexscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_column
declare
    versions_before constant bigint[] := before.versions;
    held_before constant numeric[] := before.held;
    places constant tid[] := before.places;
    balances constant numeric[] := after.balances;
    versions constant bigint[] := after.versions;
    held constant numeric[] := after.held;
    debts constant numeric[] := after.debts;
    changed ledger.changed_wallet[];
    found_rows bigint;
begin
    for slot in 1..cardinality(places) loop
        if versions[slot] <> versions_before[slot] or held[slot] <> held_before[slot]
            or expiries[slot] is not null then
            changed := changed || row(places[slot], balances[slot], versions[slot], held[slot],
                debts[slot],
                expiries[slot], versions[slot] <> versions_before[slot])::ledger.changed_wallet;
        end if;
    end loop;
    update ledger.wallets w
    set posted = c.balance, version = c.version, held = c.held, floor_debt = c.debt,
        next_expiry = least(w.next_expiry, c.expiry),
        recorded_at = case when c.moved then at else w.recorded_at end
    from unnest(changed) c
    where w.ledger_id = l and w.ctid = c.place;
    get diagnostics found_rows = row_count;
    if found_rows <> cardinality(changed) then
        raise exception 'locked wallets are not where they were' using errcode = 'XX000';
    end if;
end $$;

CREATE TABLE ledger.attempts (
    ledger_id bigint NOT NULL,
    endpoint_id bigint NOT NULL,
    seq bigint NOT NULL,
    number integer NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    duration_ms integer NOT NULL,
    status integer,
    error text,
    address text,
    answer text
);

CREATE SEQUENCE ledger.awake
    START WITH 0
    INCREMENT BY 1
    MINVALUE 0
    NO MAXVALUE
    CACHE 1;

CREATE TABLE ledger.deliveries (
    ledger_id bigint NOT NULL,
    endpoint_id bigint NOT NULL,
    seq bigint NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    last_status integer,
    last_error text,
    settled_at timestamp with time zone,
    duration_ms integer,
    address text,
    answer text,
    CONSTRAINT deliveries_attempts_range CHECK ((attempts >= 0)),
    CONSTRAINT deliveries_settled CHECK (((status = 'pending'::text) = (settled_at IS NULL))),
    CONSTRAINT deliveries_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'delivered'::text, 'dead'::text, 'dismissed'::text])))
)
WITH (fillfactor='70');

CREATE TABLE ledger.endpoint_secrets (
    ledger_id bigint NOT NULL,
    endpoint_id bigint NOT NULL,
    number integer NOT NULL,
    secret text NOT NULL,
    public_key bytea,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone,
    CONSTRAINT endpoint_secrets_length CHECK (((length(secret) >= 38) AND (length(secret) <= 1024))),
    CONSTRAINT endpoint_secrets_public_key CHECK ((octet_length(public_key) = 32))
);

CREATE TABLE ledger.entries (
    ledger_id bigint NOT NULL,
    version bigint NOT NULL,
    transaction_id bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    posting smallint NOT NULL,
    wallet_id text NOT NULL COLLATE pg_catalog."C",
    asset text NOT NULL COLLATE pg_catalog."C",
    amount numeric NOT NULL,
    balance numeric NOT NULL,
    CONSTRAINT entries_amount CHECK (((scale(amount) = 0) AND (amount <> (0)::numeric) AND (abs(amount) < '100000000000000000000000000000000000000'::numeric))),
    CONSTRAINT entries_balance CHECK (((scale(balance) = 0) AND (abs(balance) < 'Infinity'::numeric) AND (version > 0)))
);

CREATE TABLE ledger.event_bundles (
    ledger_id bigint NOT NULL,
    number bigint NOT NULL,
    transaction_ids bigint[] NOT NULL,
    recorded_ats timestamp with time zone[] NOT NULL,
    ids uuid[] NOT NULL,
    types text[] NOT NULL,
    bodies text[] NOT NULL,
    CONSTRAINT event_bundles_whole CHECK (((cardinality(transaction_ids) = 256) AND (cardinality(recorded_ats) = 256) AND (cardinality(ids) = 256) AND (cardinality(types) = 256) AND (cardinality(bodies) = 256)))
);

CREATE TABLE ledger.events (
    ledger_id bigint NOT NULL,
    seq bigint NOT NULL,
    transaction_id bigint,
    recorded_at timestamp with time zone NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    leaf bytea NOT NULL,
    body text NOT NULL,
    CONSTRAINT events_leaf_length CHECK ((octet_length(leaf) = 32)),
    CONSTRAINT events_size CHECK ((octet_length(body) < 65536))
)
WITH (autovacuum_vacuum_cost_delay='0');

CREATE TABLE ledger.identity (
    id smallint DEFAULT 1 NOT NULL,
    secret bytea DEFAULT decode(replace(((gen_random_uuid())::text || (gen_random_uuid())::text), '-'::text, ''::text), 'hex'::text) NOT NULL,
    CONSTRAINT identity_id_check CHECK ((id = 1))
);

CREATE SEQUENCE ledger.ledger_id
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE ledger.ledgers (
    ledger_id bigint DEFAULT nextval('ledger.ledger_id'::regclass) NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ledgers_name_form CHECK ((name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text))
);

CREATE TABLE ledger.migrations (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE SEQUENCE ledger.outbox_ord
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE ledger.outbox (
    ledger_id bigint NOT NULL,
    ord bigint DEFAULT nextval('ledger.outbox_ord'::regclass) NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    aggregatetype text NOT NULL,
    aggregateid text NOT NULL,
    type text NOT NULL,
    payload text NOT NULL,
    transaction_id bigint,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT outbox_size CHECK ((octet_length(payload) <= 65000))
)
WITH (autovacuum_vacuum_cost_delay='0');

CREATE TABLE ledger.purged_bundles (
    ledger_id bigint NOT NULL,
    number bigint NOT NULL,
    transaction_ids bigint[] NOT NULL,
    ids uuid[] NOT NULL,
    types text[] NOT NULL,
    CONSTRAINT purged_bundles_whole CHECK (((cardinality(transaction_ids) = 256) AND (cardinality(ids) = 256) AND (cardinality(types) = 256)))
);

CREATE TABLE ledger.relays (
    holder text NOT NULL,
    until timestamp with time zone NOT NULL
);

CREATE TABLE ledger.releases (
    number integer NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE ledger.restorations (
    ledger_id bigint NOT NULL,
    number integer NOT NULL,
    kept_seq bigint NOT NULL,
    restored_seq bigint NOT NULL,
    restored_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT restorations_check CHECK ((restored_seq > kept_seq)),
    CONSTRAINT restorations_kept_seq_check CHECK ((kept_seq >= 0)),
    CONSTRAINT restorations_number_check CHECK ((number > 1))
);

CREATE TABLE ledger.reversed_postings (
    ledger_id bigint NOT NULL,
    transaction_id bigint NOT NULL,
    posting smallint NOT NULL,
    amount numeric NOT NULL,
    reversed numeric NOT NULL,
    CONSTRAINT reversed_postings_range CHECK (((scale(reversed) = 0) AND (reversed > (0)::numeric) AND (reversed <= amount)))
);

CREATE TABLE ledger.sessions (
    token_hash bytea NOT NULL,
    key_hash bytea NOT NULL,
    once boolean NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT sessions_hash_length CHECK ((octet_length(token_hash) = 32))
);

CREATE TABLE ledger.tiles (
    ledger_id bigint NOT NULL,
    level smallint NOT NULL,
    number bigint NOT NULL,
    root bytea NOT NULL,
    hashes bytea NOT NULL,
    CONSTRAINT tiles_hashes_length CHECK ((octet_length(hashes) = 8192)),
    CONSTRAINT tiles_root_length CHECK ((octet_length(root) = 32))
);
ALTER TABLE ONLY ledger.tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE SEQUENCE ledger.transaction_id
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE ledger.transactions (
    ledger_id bigint NOT NULL,
    id bigint DEFAULT nextval('ledger.transaction_id'::regclass) NOT NULL,
    effective_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    fingerprint bytea NOT NULL,
    reference text,
    description text,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    origin_id bigint,
    extra text,
    CONSTRAINT transactions_kind_known CHECK ((kind = ANY (ARRAY['transfer'::text, 'credit'::text, 'debit'::text, 'transaction'::text, 'hold'::text, 'capture'::text, 'void'::text, 'reversal'::text]))),
    CONSTRAINT transactions_origin_named CHECK (((origin_id IS NOT NULL) = (kind = ANY (ARRAY['capture'::text, 'void'::text, 'reversal'::text]))))
);

CREATE TABLE ledger.verifications (
    ledger_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    seq bigint NOT NULL,
    faults integer NOT NULL,
    CONSTRAINT verifications_counts CHECK (((seq >= 0) AND (faults >= 0)))
);

ALTER TABLE ONLY ledger.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (key_hash);

ALTER TABLE ONLY ledger.assets
    ADD CONSTRAINT assets_pkey PRIMARY KEY (ledger_id, code);

ALTER TABLE ONLY ledger.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (endpoint_id, ledger_id, seq, number);

ALTER TABLE ONLY ledger.consumers
    ADD CONSTRAINT consumers_pkey PRIMARY KEY (ledger_id, name);

ALTER TABLE ONLY ledger.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (endpoint_id, ledger_id, seq);

ALTER TABLE ONLY ledger.endpoint_secrets
    ADD CONSTRAINT endpoint_secrets_pkey PRIMARY KEY (endpoint_id, ledger_id, number);

ALTER TABLE ONLY ledger.endpoints
    ADD CONSTRAINT endpoints_pkey PRIMARY KEY (ledger_id, id);

ALTER TABLE ONLY ledger.entries
    ADD CONSTRAINT entries_pkey PRIMARY KEY (wallet_id, ledger_id, version);

ALTER TABLE ONLY ledger.event_bundles
    ADD CONSTRAINT event_bundles_pkey PRIMARY KEY (ledger_id, number);

ALTER TABLE ONLY ledger.events
    ADD CONSTRAINT events_id UNIQUE (id, ledger_id);

ALTER TABLE ONLY ledger.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (ledger_id, seq);

ALTER TABLE ONLY ledger.feeds
    ADD CONSTRAINT feeds_pkey PRIMARY KEY (ledger_id);

ALTER TABLE ONLY ledger.hold_postings
    ADD CONSTRAINT hold_postings_pkey PRIMARY KEY (ledger_id, hold_id, posting);

ALTER TABLE ONLY ledger.identity
    ADD CONSTRAINT identity_pkey PRIMARY KEY (id);

ALTER TABLE ONLY ledger.ledgers
    ADD CONSTRAINT ledgers_pkey PRIMARY KEY (ledger_id);

ALTER TABLE ONLY ledger.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (name);

ALTER TABLE ONLY ledger.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (ledger_id, ord);

ALTER TABLE ONLY ledger.purged_bundles
    ADD CONSTRAINT purged_bundles_pkey PRIMARY KEY (ledger_id, number);

ALTER TABLE ONLY ledger.relays
    ADD CONSTRAINT relays_pkey PRIMARY KEY (holder);

ALTER TABLE ONLY ledger.releases
    ADD CONSTRAINT releases_pkey PRIMARY KEY (number);

ALTER TABLE ONLY ledger.replays
    ADD CONSTRAINT replays_pkey PRIMARY KEY (endpoint_id, ledger_id, number);

ALTER TABLE ONLY ledger.restorations
    ADD CONSTRAINT restorations_pkey PRIMARY KEY (ledger_id, number);

ALTER TABLE ONLY ledger.reversed_postings
    ADD CONSTRAINT reversed_postings_pkey PRIMARY KEY (transaction_id, ledger_id, posting);

ALTER TABLE ONLY ledger.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY ledger.sinks
    ADD CONSTRAINT sinks_name UNIQUE (name, ledger_id);

ALTER TABLE ONLY ledger.sinks
    ADD CONSTRAINT sinks_pkey PRIMARY KEY (ledger_id, id);

ALTER TABLE ONLY ledger.tiles
    ADD CONSTRAINT tiles_pkey PRIMARY KEY (ledger_id, level, number);

ALTER TABLE ONLY ledger.transactions
    ADD CONSTRAINT transactions_key UNIQUE (key, ledger_id);

ALTER TABLE ONLY ledger.transactions
    ADD CONSTRAINT transactions_pkey PRIMARY KEY (id, ledger_id);

ALTER TABLE ONLY ledger.verifications
    ADD CONSTRAINT verifications_pkey PRIMARY KEY (ledger_id);

ALTER DOMAIN ledger.wallet_id
    ADD CONSTRAINT wallet_id_no_step CHECK ((VALUE <> ALL (ARRAY['.'::text, '..'::text]))) NOT VALID;

ALTER TABLE ONLY ledger.wallets
    ADD CONSTRAINT wallets_pkey PRIMARY KEY (ledger_id, id);

CREATE INDEX deliveries_dead ON ledger.deliveries USING btree (endpoint_id, ledger_id, seq) WHERE (status = 'dead'::text);

CREATE INDEX deliveries_due ON ledger.deliveries USING btree (endpoint_id, ledger_id, due_at) WHERE (status = 'pending'::text);

CREATE UNIQUE INDEX entries_side ON ledger.entries USING btree (transaction_id, ledger_id, posting, ((amount > (0)::numeric)));

CREATE INDEX hold_postings_source ON ledger.hold_postings USING btree (source, ((ledger_id + 0)), due_at);

CREATE INDEX holds_due ON ledger.hold_postings USING btree (due_at, ledger_id) WHERE ((posting = 1) AND (due_at IS NOT NULL));

CREATE INDEX replays_active ON ledger.replays USING btree (endpoint_id, ledger_id) WHERE (finished_at IS NULL);

CREATE INDEX sessions_expired ON ledger.sessions USING btree (expires_at);

CREATE INDEX transactions_newest ON ledger.transactions USING btree (((ledger_id + 0)), id);

CREATE INDEX transactions_origin ON ledger.transactions USING btree (origin_id, ledger_id) WHERE (origin_id IS NOT NULL);

CREATE INDEX transactions_reference ON ledger.transactions USING btree (reference, ledger_id, id) WHERE (reference IS NOT NULL);

CREATE TRIGGER entries_append BEFORE DELETE OR UPDATE ON ledger.entries FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.entries ENABLE ALWAYS TRIGGER entries_append;

CREATE TRIGGER entries_balance AFTER INSERT ON ledger.entries REFERENCING NEW TABLE AS new_entries FOR EACH STATEMENT EXECUTE FUNCTION ledger.entries_balance();

ALTER TABLE ledger.entries ENABLE ALWAYS TRIGGER entries_balance;

CREATE TRIGGER entries_truncate BEFORE TRUNCATE ON ledger.entries FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.entries ENABLE ALWAYS TRIGGER entries_truncate;

CREATE TRIGGER event_bundles_append BEFORE UPDATE ON ledger.event_bundles FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.event_bundles ENABLE ALWAYS TRIGGER event_bundles_append;

CREATE TRIGGER event_bundles_purged AFTER DELETE ON ledger.event_bundles REFERENCING OLD TABLE AS old_bundles FOR EACH STATEMENT EXECUTE FUNCTION ledger.bundles_purged();

ALTER TABLE ledger.event_bundles ENABLE ALWAYS TRIGGER event_bundles_purged;

CREATE TRIGGER event_bundles_truncate BEFORE TRUNCATE ON ledger.event_bundles FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.event_bundles ENABLE ALWAYS TRIGGER event_bundles_truncate;

CREATE TRIGGER events_append BEFORE UPDATE ON ledger.events FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.events ENABLE ALWAYS TRIGGER events_append;

CREATE TRIGGER events_bundled AFTER DELETE ON ledger.events REFERENCING OLD TABLE AS old_events FOR EACH STATEMENT EXECUTE FUNCTION ledger.events_bundled();

ALTER TABLE ledger.events ENABLE ALWAYS TRIGGER events_bundled;

CREATE TRIGGER events_truncate BEFORE TRUNCATE ON ledger.events FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.events ENABLE ALWAYS TRIGGER events_truncate;

CREATE TRIGGER hold_postings_fixed BEFORE UPDATE OF ledger_id, hold_id, posting, source, destination, asset, amount, expires_at ON ledger.hold_postings FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.hold_postings ENABLE ALWAYS TRIGGER hold_postings_fixed;

CREATE TRIGGER hold_postings_forward AFTER UPDATE ON ledger.hold_postings FOR EACH ROW WHEN ((((old.status)::text <> 'pending'::text) OR ((new.captured)::numeric < (old.captured)::numeric) OR (((new.captured)::numeric - (old.captured)::numeric) > ((old.held)::numeric - (new.held)::numeric)))) EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.hold_postings ENABLE ALWAYS TRIGGER hold_postings_forward;

CREATE TRIGGER hold_postings_keep BEFORE DELETE ON ledger.hold_postings FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.hold_postings ENABLE ALWAYS TRIGGER hold_postings_keep;

CREATE TRIGGER hold_postings_truncate BEFORE TRUNCATE ON ledger.hold_postings FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.hold_postings ENABLE ALWAYS TRIGGER hold_postings_truncate;

CREATE TRIGGER outbox_fixed BEFORE UPDATE ON ledger.outbox FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.outbox ENABLE ALWAYS TRIGGER outbox_fixed;

CREATE TRIGGER outbox_notify AFTER INSERT ON ledger.outbox FOR EACH STATEMENT EXECUTE FUNCTION ledger.outbox_notify();

ALTER TABLE ledger.outbox ENABLE ALWAYS TRIGGER outbox_notify;

CREATE TRIGGER outbox_truncate BEFORE TRUNCATE ON ledger.outbox FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.outbox ENABLE ALWAYS TRIGGER outbox_truncate;

CREATE TRIGGER purged_bundles_append BEFORE DELETE OR UPDATE ON ledger.purged_bundles FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.purged_bundles ENABLE ALWAYS TRIGGER purged_bundles_append;

CREATE TRIGGER purged_bundles_truncate BEFORE TRUNCATE ON ledger.purged_bundles FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.purged_bundles ENABLE ALWAYS TRIGGER purged_bundles_truncate;

CREATE TRIGGER restorations_append BEFORE DELETE OR UPDATE ON ledger.restorations FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.restorations ENABLE ALWAYS TRIGGER restorations_append;

CREATE TRIGGER restorations_truncate BEFORE TRUNCATE ON ledger.restorations FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.restorations ENABLE ALWAYS TRIGGER restorations_truncate;

CREATE TRIGGER reversed_postings_forward BEFORE UPDATE ON ledger.reversed_postings FOR EACH ROW WHEN (((new.reversed <= old.reversed) OR ((new.ledger_id <> old.ledger_id) OR (new.transaction_id <> old.transaction_id) OR (new.posting <> old.posting) OR (new.amount <> old.amount)))) EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.reversed_postings ENABLE ALWAYS TRIGGER reversed_postings_forward;

CREATE TRIGGER reversed_postings_keep BEFORE DELETE ON ledger.reversed_postings FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.reversed_postings ENABLE ALWAYS TRIGGER reversed_postings_keep;

CREATE TRIGGER reversed_postings_truncate BEFORE TRUNCATE ON ledger.reversed_postings FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.reversed_postings ENABLE ALWAYS TRIGGER reversed_postings_truncate;

CREATE TRIGGER tiles_append BEFORE DELETE OR UPDATE ON ledger.tiles FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.tiles ENABLE ALWAYS TRIGGER tiles_append;

CREATE TRIGGER tiles_truncate BEFORE TRUNCATE ON ledger.tiles FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.tiles ENABLE ALWAYS TRIGGER tiles_truncate;

CREATE TRIGGER transactions_append BEFORE DELETE OR UPDATE ON ledger.transactions FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.transactions ENABLE ALWAYS TRIGGER transactions_append;

CREATE TRIGGER transactions_truncate BEFORE TRUNCATE ON ledger.transactions FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.transactions ENABLE ALWAYS TRIGGER transactions_truncate;

CREATE TRIGGER wallets_account AFTER UPDATE ON ledger.wallets REFERENCING OLD TABLE AS old_wallets NEW TABLE AS new_wallets FOR EACH STATEMENT EXECUTE FUNCTION ledger.wallets_account();

ALTER TABLE ledger.wallets ENABLE ALWAYS TRIGGER wallets_account;

CREATE TRIGGER wallets_empty AFTER INSERT ON ledger.wallets FOR EACH ROW WHEN (((new.version <> 0) OR (new.posted <> (0)::numeric) OR (new.recorded_at <> '-infinity'::timestamp with time zone))) EXECUTE FUNCTION ledger.wallets_empty();

ALTER TABLE ledger.wallets ENABLE ALWAYS TRIGGER wallets_empty;

CREATE TRIGGER wallets_fixed BEFORE UPDATE OF ledger_id, id, asset ON ledger.wallets FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.wallets ENABLE ALWAYS TRIGGER wallets_fixed;

CREATE TRIGGER wallets_keep BEFORE DELETE ON ledger.wallets FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.wallets ENABLE ALWAYS TRIGGER wallets_keep;

CREATE TRIGGER wallets_truncate BEFORE TRUNCATE ON ledger.wallets FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

ALTER TABLE ledger.wallets ENABLE ALWAYS TRIGGER wallets_truncate;

CREATE TRIGGER wallets_world AFTER INSERT ON ledger.wallets REFERENCING NEW TABLE AS new_wallets FOR EACH STATEMENT EXECUTE FUNCTION ledger.wallets_world();

ALTER TABLE ledger.wallets ENABLE ALWAYS TRIGGER wallets_world;

ALTER TABLE ONLY ledger.api_keys
    ADD CONSTRAINT api_keys_ledger_id_fkey FOREIGN KEY (ledger_id) REFERENCES ledger.ledgers(ledger_id);

ALTER TABLE ONLY ledger.assets
    ADD CONSTRAINT assets_ledger_id_fkey FOREIGN KEY (ledger_id) REFERENCES ledger.ledgers(ledger_id);

ALTER TABLE ONLY ledger.consumers
    ADD CONSTRAINT consumers_ledger_id_fkey FOREIGN KEY (ledger_id) REFERENCES ledger.ledgers(ledger_id);

ALTER TABLE ONLY ledger.endpoint_secrets
    ADD CONSTRAINT endpoint_secrets_ledger_id_endpoint_id_fkey FOREIGN KEY (ledger_id, endpoint_id) REFERENCES ledger.endpoints(ledger_id, id);

ALTER TABLE ONLY ledger.endpoints
    ADD CONSTRAINT endpoints_ledger_id_fkey FOREIGN KEY (ledger_id) REFERENCES ledger.ledgers(ledger_id);

ALTER TABLE ONLY ledger.feeds
    ADD CONSTRAINT feeds_ledger_id_fkey FOREIGN KEY (ledger_id) REFERENCES ledger.ledgers(ledger_id);

ALTER TABLE ONLY ledger.replays
    ADD CONSTRAINT replays_ledger_id_endpoint_id_fkey FOREIGN KEY (ledger_id, endpoint_id) REFERENCES ledger.endpoints(ledger_id, id);

ALTER TABLE ONLY ledger.sessions
    ADD CONSTRAINT sessions_key_hash_fkey FOREIGN KEY (key_hash) REFERENCES ledger.api_keys(key_hash);

ALTER TABLE ONLY ledger.sinks
    ADD CONSTRAINT sinks_ledger_id_fkey FOREIGN KEY (ledger_id) REFERENCES ledger.ledgers(ledger_id);

ALTER TABLE ONLY ledger.verifications
    ADD CONSTRAINT verifications_ledger_id_fkey FOREIGN KEY (ledger_id) REFERENCES ledger.ledgers(ledger_id);
