-- Return the ledger's sinks by id, at most `max`, above `after`. only_id: just this one.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.list_sinks(ledger bigint, after bigint, max int,
    only_id bigint default null)
returns table (id bigint, body text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select s.id, zerosum.sink_json(s, coalesce(f.last_seq, 0))
    from ledger.sinks s left join ledger.feeds f on f.ledger_id = s.ledger_id
    where s.ledger_id = $1 and s.id > $2 and ($4 is null or s.id = $4)
    order by s.id
    limit $3
$$;
