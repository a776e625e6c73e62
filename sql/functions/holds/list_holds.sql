-- Return the ledger's holds, newest first, at most `max`, with ids below `before` (null: from
-- the newest). only_id: just this one.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.list_holds(ledger bigint, before bigint, max int,
    only_id bigint default null)
returns table (id bigint, body text)
language sql volatile security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
    select h.hold_id, zerosum.hold_json(h)
    from ledger.hold_postings h
    where h.ledger_id = $1 and h.posting = 1 and h.hold_id < coalesce($2, 9223372036854775807)
        and h.hold_id between coalesce($4, 0) and coalesce($4, 9223372036854775807)
    order by h.hold_id desc
    limit $3
$$;
