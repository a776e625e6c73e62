-- Return a consumer as JSON text. behind: how many events it has not passed.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.consumer_json(c ledger.consumers) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select concat('{"name":', to_json(c.name), ',"types":', to_json(c.types), ',"wallets":',
        to_json(c.wallets), ',"kinds":', to_json(c.kinds), ',"acknowledged_seq":',
        c.acknowledged_seq, ',"behind":', greatest(f.last_seq - c.acknowledged_seq, 0),
        ',"leased_until":', case when c.leased_until > clock_timestamp()
            then zerosum.time_json(c.leased_until) else 'null' end,
        ',"created_at":', zerosum.time_json(c.created_at), '}')
    from ledger.feeds f where f.ledger_id = c.ledger_id
$$;
