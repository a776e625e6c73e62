-- Return whether an event type matches one of these patterns: * (all), a type, or a prefix such
-- as transaction.* An event ledger.skipped, which only fills a seq, matches its own name alone.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.type_matches(type text, patterns text[]) returns boolean
language sql immutable as $$
    select $1 = any ($2) or $1 <> 'ledger.skipped' and ('*' = any ($2) or exists (
        select from unnest($2) p (pattern)
        where right(p.pattern, 2) = '.*' and starts_with($1, left(p.pattern, -1))))
$$;
