-- Return an endpoint's deliveries, newest event first, at most `max`, with seqs below `before`
-- (null: from the newest), of the status `wanted` if given: the seq, and the delivery as JSON
-- text with its attempts. The delivery itself has the attempt that arrived. At most 10,000
-- deliveries are looked at. If there may be more then, the last row has the seq where to go on, and
-- no body.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.list_deliveries(
    ledger bigint, endpoint bigint, before bigint, max int, wanted text default null
) returns table (seq bigint, body text)
language sql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_sort = off
    set jit = off as $$
    with found as materialized (
        select * from zerosum.find_deliveries($1, $2, $3, $4, $5)
    ), page as materialized (
        select d.*
        from found f cross join unnest(f.seqs) s (seq)
        cross join lateral (
            select * from ledger.deliveries d
            where d.endpoint_id = $2 and d.ledger_id = $1 and d.seq = s.seq limit 1
        ) d
    )
    select d.seq, concat('{"seq":', d.seq, ',"event_id":"', v.id, '","type":"', v.type,
        '","status":"', d.status,
        '","attempts":[', (
            select string_agg(concat('{"at":', zerosum.time_json(a.at), ',"duration_ms":',
                a.duration_ms,
                ',"status":', coalesce(a.status::text, 'null'), ',"error":',
                coalesce(to_json(a.error)::text, 'null'),
                ',"address":', coalesce(to_json(a.address)::text, 'null'),
                ',"answer":', coalesce(to_json(a.answer)::text, 'null'),
                '}'), ',' order by a.number)
            from (
                select a.number, a.at, a.duration_ms, a.status, a.error, a.address, a.answer
                from ledger.attempts a
                where a.endpoint_id = d.endpoint_id and a.ledger_id = d.ledger_id and a.seq = d.seq
                union all
                select 2147483647, d.settled_at, d.duration_ms, d.last_status, null, d.address,
                    d.answer
                where d.status = 'delivered' and d.duration_ms is not null
            ) a
        ), '],"due_at":', case when d.status = 'pending' then zerosum.time_json(d.due_at)
            else 'null' end, '}')
    from page d join zerosum.events_at($1, array(select d.seq from page d)) v on v.seq = d.seq
    union all
    select f.past, null from found f where f.past is not null
    order by 1 desc, 2
$$;
