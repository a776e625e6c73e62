-- Return an endpoint's replays, the newest first, at most `max`, with numbers below `before` (null:
-- from the newest).
-- Locks: none.
-- Codes: none.
create or replace function zerosum.list_replays(
    ledger bigint, endpoint bigint, before bigint, max int
) returns table (id bigint, body text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select r.number::bigint, zerosum.replay_json(r) from ledger.replays r
    where r.endpoint_id = $2 and r.ledger_id = $1 and ($3 is null or r.number < $3)
    order by r.number desc
    limit $4
$$;
