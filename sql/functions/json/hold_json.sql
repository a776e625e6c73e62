-- Return a hold as JSON text, as it is now, given its first posting: its state, its postings,
-- the last 100 transactions that captured or voided it (there may be thousands, for which an
-- event has no room), and what its own transaction was answered. The clock decides whether it
-- has expired.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.hold_json(h ledger.hold_postings) returns text
language sql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
    select concat('{"id":', h.hold_id, ',', zerosum.hold_state_json(
            case when x.expired then 'expired' else h.status end,
                case when p.pure then p.amount end,
            case when p.pure then p.captured end,
            case when not p.pure then null when x.expired then 0 else p.held end),
        ',"expires_at":', coalesce(zerosum.time_json(h.expires_at), 'null'), ',"postings":[',
        p.postings,
        '],"transactions":[', (
            select string_agg(t.id::text, ',' order by t.id) from (
                select t.id from (
                    select t.id from ledger.transactions t
                    where t.origin_id = h.hold_id and t.ledger_id = h.ledger_id offset 0
                ) t order by t.id desc limit 100
            ) t),
        '],', zerosum.details_json(t.reference, t.description, t.metadata,
            zerosum.time_json(t.effective_at),
            zerosum.time_json(t.recorded_at), t.key), '}')
    from (select h.status = 'pending' and h.expires_at <= clock_timestamp() as expired) x
    cross join lateral (
        select sum(p.amount) as amount, sum(p.captured) as captured, sum(p.held) as held,
            min(p.asset) = max(p.asset) as pure,
            string_agg(concat('{"source":"', p.source, '","destination":"', p.destination,
                '","amount":', p.amount,
                ',"asset":"', p.asset, '","captured":', p.captured, ',"remaining":',
                case when x.expired then 0 else p.held end, '}'), ',' order by p.posting)
                    as postings
        from ledger.hold_postings p where p.hold_id = h.hold_id and p.ledger_id = h.ledger_id
    ) p
    cross join lateral (
        select * from ledger.transactions t where t.id = h.hold_id
            and t.ledger_id = h.ledger_id limit 1
    ) t
$$;
