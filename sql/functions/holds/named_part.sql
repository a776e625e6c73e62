-- What a request's options say of one posting of the hold or transaction that they are about, where they name some.
-- Inlined into derived_captures() and derived_reversals(), hence neither security definer nor a search_path.
-- Locks: none. Codes: none.
create or replace function zerosum.named_part(options jsonb, number smallint) returns table (one jsonb)
language sql stable as $$
    select x.one from jsonb_array_elements(options -> 'postings') x (one)
    where (x.one ->> 'posting')::int = number limit 1
$$;
