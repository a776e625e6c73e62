-- zerosum.list_deliveries() on Citus, which joins no CTE in a subquery: a delivery at a time.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.list_deliveries(
    ledger bigint, endpoint bigint, before bigint, max int, wanted text default null
) returns table (seq bigint, body text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_sort = off
    set jit = off as $$
#variable_conflict use_column
declare
    page record;
    d ledger.deliveries;
    v record;
    tries text;
begin
    select * into page from zerosum.find_deliveries($1, $2, $3, $4, $5);
    for d in
        select * from ledger.deliveries d
        where d.endpoint_id = $2 and d.ledger_id = $1 and d.seq = any (page.seqs)
        order by d.seq desc
    loop
        select * into v from zerosum.events_at($1, array[d.seq]) v;
        continue when not found;
        tries := (
            select string_agg(concat('{"at":', zerosum.time_json(a.at), ',"duration_ms":',
                a.duration_ms,
                ',"status":', coalesce(a.status::text, 'null'), ',"error":',
                coalesce(to_json(a.error)::text, 'null'),
                ',"address":', coalesce(to_json(a.address)::text, 'null'),
                ',"answer":', coalesce(to_json(a.answer)::text, 'null'),
                '}'), ',' order by a.number)
            from ledger.attempts a
            where a.endpoint_id = d.endpoint_id and a.ledger_id = $1 and a.seq = d.seq);
        if d.status = 'delivered' and d.duration_ms is not null then
            tries := concat_ws(',', tries, concat('{"at":', zerosum.time_json(d.settled_at),
                ',"duration_ms":', d.duration_ms,
                ',"status":', coalesce(d.last_status::text, 'null'), ',"error":null,"address":',
                coalesce(to_json(d.address)::text, 'null'),
                ',"answer":', coalesce(to_json(d.answer)::text, 'null'), '}'));
        end if;
        seq := d.seq;
        body := concat('{"seq":', d.seq, ',"event_id":"', v.id, '","type":"', v.type,
            '","status":"', d.status, '","attempts":[', tries, '],"due_at":',
            case when d.status = 'pending' then zerosum.time_json(d.due_at) else 'null' end, '}');
        return next;
    end loop;
    if page.past is not null then
        seq := page.past;
        body := null;
        return next;
    end if;
end $$;
