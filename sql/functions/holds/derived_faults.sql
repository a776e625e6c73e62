-- Return what is wrong with captures, voids and reversals that name some postings or have many:
-- the number of the request's first posting, and a code and facts. The size rule is that of
-- check_requests(), with what the further members of the answer can add: `hold`, or a wallet
-- each in `forced`.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.derived_faults(
    requests ledger.request[], postings ledger.posting[]
) returns table (first int, fault text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
    return query
    select f.first, f.fault
    from (
        select u.first,
            case when u.found <> jsonb_array_length(u.options -> 'postings')
                then '{"code" : "invalid_postings"}'
                when u.size > 30 and zerosum.event_size(u.ids, u.size, u.metadata)
                    + case when u.options ? 'force' then u.ids + u.size * 70 else 0 end > 50800
                    then '{"code" : "transaction_too_large"}' end as fault
        from (
            select min(p.number) as first, count(*) as size, count(p.destination) as found,
                sum(length(p.source) + coalesce(length(p.destination), 0)) as ids,
                (requests[p.request]).options, (requests[p.request]).metadata
            from unnest(postings) p
            where (requests[p.request]).kind in ('capture', 'void', 'reversal')
            group by p.request
        ) u
    ) f
    where f.fault is not null;
end $$;
