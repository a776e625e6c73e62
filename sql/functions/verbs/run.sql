-- Post one request for a caller in its own SQL transaction. The verbs credit, debit, transfer,
-- hold, capture, void and reverse are one call of this function each.
-- A refusal becomes an error of class ZS: its message is the code, its DETAIL the facts as JSON.
-- A capture, void or reversal has no posting of its own: its source and destination are null. A
-- request with a known key returns the first transaction again, with replayed = true.
-- Locks: those of post().
-- Codes: those of zerosum.sqlstate(), 40001.
create or replace function zerosum.run(
    ledger bigint, kind text, source text, destination text, amount numeric, key text,
    reference text, description text, metadata jsonb, effective_at timestamptz,
    conditions jsonb, options jsonb default null, out replayed boolean, out transaction json
) language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
    postings constant int := case when kind in ('capture', 'void', 'reversal') then 0 else 1 end;
    settled record;
    posted text;
begin
    if starts_with(key, chr(127)) then
        raise exception 'invalid_key' using errcode = zerosum.sqlstate('invalid_key'),
            detail = '{"code" : "invalid_key"}';
    end if;
    if kind in ('transfer', 'credit', 'debit') and conditions is null and options is null then
        posted := zerosum.post_plain(ledger, kind, key, source, destination, amount::text,
            reference, description,
            metadata, effective_at);
        if posted is not null then
            replayed := false;
            transaction := posted;
            return;
        end if;
    end if;
    select p.outcome, p.body into settled
    from zerosum.post(ledger, array[kind], array[key], array_fill(1, array[postings]),
        array_fill(source, array[postings]), array_fill(destination, array[postings]),
        array_fill(amount::text, array[postings]), array[reference], array[description],
        array[metadata],
        array[effective_at], false, array[conditions], array[options]) p;
    if settled.outcome = 'refused' then
        raise exception '%', settled.body::json ->> 'code'
            using errcode = zerosum.sqlstate(settled.body::json ->> 'code'), detail = settled.body;
    end if;
    replayed := settled.outcome = 'replayed';
    transaction := settled.body;
end $$;
