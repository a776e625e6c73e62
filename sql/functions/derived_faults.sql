-- What can be wrong with a capture, void or reversal as derive_postings() has its postings, when it names some or has many: the
-- number of its first posting, and a code and facts. Arguments are post()'s arrays.
-- The size is as check_requests() has it, and what the answer's further members can add: `hold`, or a wallet each in `forced`.
-- Locks: none. Codes: none.
create or replace function zerosum.derived_faults(
    kinds text[], options jsonb[], metadatas jsonb[], posting_of int[], sources text[], destinations text[]
) returns table (first bigint, fault text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
    return query
    select f.first, f.fault
    from (
        select u.first,
            case when u.found <> jsonb_array_length(u.given -> 'postings') then '{"code" : "invalid_postings"}'
                when u.size > 30 and zerosum.event_size(u.ids, u.size, u.metadata)
                    + case when u.given ? 'force' then u.ids + u.size * 70 else 0 end > 50800
                    then '{"code" : "transaction_too_large"}' end as fault
        from (
            select min(x.p) as first, count(*) as size, count(x.destination) as found,
                sum(length(x.source) + coalesce(length(x.destination), 0)) as ids,
                options[x.i] as given, metadatas[x.i] as metadata
            from unnest(posting_of, sources, destinations) with ordinality x (i, source, destination, p)
            where kinds[x.i] in ('capture', 'void', 'reversal')
            group by x.i
        ) u
    ) f
    where f.fault is not null;
end $$;
