-- At most how many bytes a transaction's event takes but for what its kind adds to it: ids: the characters of its postings'
-- wallets, size: how many postings it has. The planner inlines it.
-- Locks: none. Codes: none.
create or replace function zerosum.event_size(ids bigint, size bigint, metadata jsonb)
returns bigint language sql immutable as $$
    select ids * 2 + size * 420 + octet_length(coalesce(metadata, '{}')::text)
$$;
