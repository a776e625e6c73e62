-- Return how many bytes a transaction's event has at most, without what its kind adds. ids: the
-- characters of all wallet ids of its postings. size: how many postings it has. The planner
-- inlines this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.event_size(ids bigint, size bigint, metadata jsonb)
returns bigint language sql immutable as $$
    select ids * 2 + size * 420 + octet_length(coalesce(metadata, '{}')::text)
$$;
