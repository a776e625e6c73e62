-- Return a sink as JSON text, without its URL, which may have secrets. behind: how many events
-- it has not passed.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.sink_json(s ledger.sinks, last_seq bigint) returns text
language sql stable as $$
    select concat('{"id":', s.id, ',"name":', to_json(s.name), ',"types":', to_json(s.types),
        ',"state":"',
        zerosum.sink_state(s),
        '","sent_seq":', s.sent_seq, ',"behind":', greatest(last_seq - s.sent_seq, 0),
        ',"error":', 
            coalesce(to_json(case s.paused_by when 'settings' then 'not in ZEROSUM_SINKS'
                else s.error end)::text, 'null'),
        ',"failed_at":', case when s.failed_at is null then 'null'
            else zerosum.time_json(s.failed_at) end,
        ',"created_at":', zerosum.time_json(s.created_at), '}')
$$;
