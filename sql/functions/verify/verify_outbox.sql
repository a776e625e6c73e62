-- Return the faults of what waits in a ledger's outbox. Checked: its data is the transaction as
-- its entries tell it; it is stamped soon.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.verify_outbox(ledger bigint)
returns table (fault text, subject text, detail text)
language sql stable security definer set search_path = pg_catalog,
    pg_temp set enable_seqscan = off as $$
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
$$;
