-- Return what to send to an endpoint now, `max` in all: first deliveries to retry, the longest
-- due first, without those in `busy` (their seqs); then the feed's next events that it selects,
-- above `after` and above its cursor. An event endpoint.test is for the endpoint
-- that it tests, whatever it selects; endpoint.failing is for all others. Of `max` retries take
-- three quarters at most: what is new does not wait for all that is overdue.
-- One row, none when the endpoint is disabled or deleted: arrays of one length (attempts: tries
-- so far); fresh: how many of the last come from the feed; read_to: how far the feed was read,
-- the `after` of the next call.
-- Gives the endpoint the next events of a replay first, if there is one.
-- Locks: an active replay, its deliveries; one relay sends, by its lease.
-- Codes: ZS301 the holder has lost the lease.
create or replace function zerosum.next_deliveries(
    ledger bigint, endpoint bigint, max int, after bigint default 0, busy bigint[] default '{}',
    holder text default null
) returns table (
    url text, secrets text[], headers text, amounts text, timeout_s int, concurrency int,
    ordered boolean, rate_limit text, read_to bigint, fresh int, seqs bigint[], attempts int[],
    ids uuid[], types text[], bodies text[]
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
    set jit = off as $$
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
