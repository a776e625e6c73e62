-- Return the seqs of an endpoint's deliveries, newest first, at most `max`, below `before` (null:
-- from the newest), of the status `wanted` (null: any). At most 10,000 deliveries are looked at; if
-- there may be more then, `past` is the seq below which to go on. (Dead ones have an index.)
-- Locks: none.
-- Codes: none.
create or replace function zerosum.find_deliveries(ledger bigint, endpoint bigint, before bigint,
    max int, wanted text, out seqs bigint[], out past bigint)
language plpgsql stable as $$
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
end $$;
