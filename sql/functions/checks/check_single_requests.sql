-- As check_requests(), for batches in which each request has one posting, at its own number. It
-- needs no join and no grouping, which cost a batch of plain transfers more than all other
-- checks. The planner inlines this into post(), so it is not security definer and has no
-- search_path.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.check_single_requests(requests ledger.request[],
    postings ledger.posting[])
returns table (number int, fault text, fingerprint bytea)
language sql stable as $$
    select b.number,
        zerosum.request_fault(
            kind => b.kind, key => b.key, reference => b.reference, description => b.description,
            metadata => b.metadata, effective_at => b.effective_at, conditions => b.conditions,
            options => b.options,
            size => 1, beside => true, numeral => b.amount is not null,
            named => b.source is not null and b.destination is not null,
            loops => b.source = b.destination, ids => length(b.source) + length(b.destination)),
        zerosum.request_fingerprint(b.kind, 1,
            zerosum.posting_canon(b.source, b.destination, b.amount), b.reference,
            b.description, b.metadata, b.effective_at, b.conditions, b.options)
    from unnest(requests, postings) b (number, kind, key, reference, description, metadata,
        effective_at, conditions,
        options, unit, posting, request, source, destination, amount, origin, origin_posting)
$$;
