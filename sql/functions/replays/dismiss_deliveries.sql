-- Dismiss dead deliveries to an endpoint, with seqs above `after` up to `upto`, at most 10,000, the
-- lowest first: nobody needs them any more. Returns how many, and whether there are more.
-- Locks: the deliveries.
-- Codes: none.
create or replace function zerosum.dismiss_deliveries(
    ledger bigint, endpoint bigint, after bigint, upto bigint
) returns table (dismissed bigint, more boolean)
language sql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
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
$$;
