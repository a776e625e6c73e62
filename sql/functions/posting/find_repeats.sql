-- Return, for each request, the number of the earlier request of the batch that has its key, or
-- null.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.find_repeats(requests ledger.request[]) returns int[]
language plpgsql as $$
begin
    return array(
        select lag(r.number) over (partition by r.key order by r.number)
        from unnest(requests) r
        order by r.number
    );
end $$;
