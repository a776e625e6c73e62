-- Return whether an event's data matches one of the wallets and one of the kinds, as
-- zerosum.event_matches() reads them.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.data_matches(
    type text, data json, wallets text[], kinds text[]
) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp as $$
    select ('*' = any ($4) or coalesce($2 ->> 'kind' = any ($4), false))
        and ('*' = any ($3) or exists (
            select from (
                select unnest(array[p ->> 'source', p ->> 'destination'])
                from json_array_elements($2 -> 'postings') p
                union all
                select $2 ->> 'id' where starts_with($1, 'wallet.')
            ) w (wallet), unnest($3) pattern
            where case when right(pattern, 1) = '*'
                then starts_with(w.wallet, left(pattern, -1)) else w.wallet = pattern end))
$$;
