-- What passes 64 KiB as an event can't be stamped, and would stop its ledger's feed: it may not enter the outbox either.
-- A hold that was captured some 10,000 times and then expired made such an event: its list of captures is cut.

with large as (
    delete from ledger.outbox o where octet_length(o.payload) > 65000 and o.type = 'hold.expired' returning *
)
insert into ledger.outbox (ledger_id, ord, id, aggregatetype, aggregateid, type, payload, transaction_id, recorded_at)
select l.ledger_id, l.ord, l.id, l.aggregatetype, l.aggregateid, l.type,
    jsonb_set(l.payload::jsonb, '{transactions}',
        jsonb_path_query_array(l.payload::jsonb, '$.transactions[last - 99 to last]'))::text,
    l.transaction_id, l.recorded_at
from large l;

alter table ledger.outbox add constraint outbox_size check (octet_length(payload) <= 65000);

-- It gives more from here on, which a replacement can't.
drop function if exists zerosum.take_leases(text, float8, text);
