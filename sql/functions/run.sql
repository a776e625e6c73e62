-- One request for callers in their own SQL transaction, on top of post(); a refusal becomes an error of class ZS with
-- the facts as JSON in DETAIL. credit, debit and transfer are one line each on top of this.
-- Locks: those of post(). Codes: those of zerosum.sqlstate(), 40001.
create or replace function zerosum.run(
    ledger bigint, kind text, source text, destination text, amount numeric, key text,
    reference text, description text, metadata jsonb, effective_at timestamptz,
    conditions jsonb
) returns table (replayed boolean, transaction json)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    r record;
begin
    if starts_with(key, chr(127)) then
        raise exception 'invalid_key' using errcode = zerosum.sqlstate('invalid_key'),
            detail = '{"code" : "invalid_key"}';
    end if;
    select p.outcome, p.body into r
    from zerosum.post(ledger, array[kind], array[key], array[1], array[source], array[destination],
        array[amount::text], array[reference], array[description], array[metadata],
        array[effective_at], false, array[conditions]) p;
    if r.outcome = 'refused' then
        raise exception '%', r.body::json ->> 'code'
            using errcode = zerosum.sqlstate(r.body::json ->> 'code'), detail = r.body;
    end if;
    return query select r.outcome = 'replayed', r.body::json;
end $$;
