-- Begin a replay to an endpoint. asked: as zerosum.plan_replay() takes it. Returns the replay as
-- JSON text; no row if the endpoint does not exist or is disabled.
-- Locks: the ledger's row in ledger.feeds, shared, so that nothing is purged meanwhile; the
-- endpoint's row, deliveries by seq.
-- Codes: ZS302 events of the range are purged (checks raise 23514).
create or replace function zerosum.create_replay(ledger bigint, endpoint bigint, asked jsonb)
returns table (body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
end $$;
