-- Return the faults of a ledger's events with seqs above `low`, up to `high`. Checked: seqs have
-- no gaps; the leaf is the body's; the body is the row's; its data is the transaction as its
-- entries tell it. Of purged events: the log's leaf is that of the body that the transaction makes.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.verify_events(ledger bigint, low bigint, high bigint)
returns table (fault text, subject text, detail text)
language sql stable security definer set search_path = pg_catalog,
    pg_temp set enable_seqscan = off as $$
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
$$;
