-- Return a posting as request_fingerprint() reads it. The planner inlines this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.posting_canon(source text, destination text, amount numeric)
returns text
language sql stable as $$
    select concat(source, ' ', destination, ' ', amount)
$$;
