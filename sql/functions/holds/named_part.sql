-- Return what a request's options say of one posting of its hold or transaction, if they name
-- some. The planner inlines this into derived_captures() and derived_reversals(), so it is not
-- security definer and has no search_path.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.named_part(options jsonb, number smallint)
returns table (one jsonb)
language sql stable as $$
    select x.one from jsonb_array_elements(options -> 'postings') x (one)
    where (x.one ->> 'posting')::int = number limit 1
$$;
