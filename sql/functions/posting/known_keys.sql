-- Return the transactions that have the keys of a batch's requests; null: there are none.
-- (The lateral form leaves the planner one choice, a probe of the key for each row. Any other
-- plan, made while the table was small or never analysed, would read the whole ledger for each
-- batch.)
-- Locks: none.
-- Codes: none.
create or replace function zerosum.known_keys(l bigint, requests ledger.request[])
returns ledger.known_key[]
language plpgsql as $$
begin
    return (
        select array_agg(row(r.number, t.id, t.fingerprint)::ledger.known_key)
        from unnest(requests) r
        cross join lateral (
            select t.id, t.fingerprint from ledger.transactions t
            where t.ledger_id = l and t.key = r.key limit 1
        ) t
    );
end $$;
