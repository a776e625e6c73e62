-- Return an endpoint's deliveries, newest event first, at most `max`, with seqs below `before`
-- (null: from the newest), of the status `wanted` if given: the seq, and the delivery as JSON
-- text with its attempts. The delivery itself has the attempt that arrived.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.list_deliveries(
    ledger bigint, endpoint bigint, before bigint, max int, wanted text default null
) returns table (seq bigint, body text)
language sql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_sort = off
    set jit = off as $$
    with page as materialized (
        select * from ledger.deliveries d
        where d.endpoint_id = $2 and d.ledger_id = $1 and d.seq < coalesce($3, 9223372036854775807)
            and ($5 is null or d.status = $5)
        order by d.seq desc
        limit $4
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
    order by d.seq desc
$$;
