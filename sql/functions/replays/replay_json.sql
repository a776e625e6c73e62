-- Return a replay as JSON text.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.replay_json(r ledger.replays) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select concat('{"number":', r.number, ',"endpoint":', r.endpoint_id, ',"source":', r.source_id,
        ',"after_seq":', r.after_seq, ',"upto_seq":', r.upto_seq, ',"types":', to_json(r.types),
        ',"status":', coalesce(to_json(r.status)::text, 'null'),
        ',"state":"', case when r.cancelled then 'cancelled' when r.finished_at is not null
            then 'done' else 'running' end,
        '","read_seq":', r.read_seq, ',"replayed":', r.replayed,
        ',"created_at":', zerosum.time_json(r.created_at),
        ',"finished_at":', coalesce(zerosum.time_json(r.finished_at), 'null'), '}')
$$;
