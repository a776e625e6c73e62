-- Check a batch's requests from their arguments alone. Return one row each, in order: the code
-- of what is malformed, and the fingerprint. `@world` is already resolved. The planner inlines
-- this into post(), so it is not security definer and has no search_path.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.check_requests(requests ledger.request[],
    postings ledger.posting[])
returns table (number int, fault text, fingerprint bytea)
language sql stable as $$
    select r.number,
        zerosum.request_fault(
            kind => r.kind, key => r.key, reference => r.reference, description => r.description,
            metadata => r.metadata, effective_at => r.effective_at, conditions => r.conditions,
            options => r.options,
            size => s.size, beside => s.beside, numeral => s.numeral, named => s.named,
            loops => s.loops, ids => s.ids),
        zerosum.request_fingerprint(r.kind, s.size, s.postings, r.reference, r.description,
            r.metadata, r.effective_at,
            r.conditions, r.options)
    from unnest(requests) r
    left join (
        select p.request, count(*) as size, max(p.number) - min(p.number) < count(*) as beside,
            bool_and(p.amount is not null) as numeral,
            bool_and(p.source is not null and p.destination is not null) as named,
            bool_or(p.source = p.destination) as loops,
            sum(length(p.source) + length(p.destination)) as ids,
            string_agg(zerosum.posting_canon(p.source, p.destination, p.amount),
                E'\n' order by p.number) as postings
        from unnest(postings) p
        group by p.request
    ) s on s.request = r.number
$$;
