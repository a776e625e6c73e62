-- What can be said of a batch's requests from their arguments alone, a row each, in order: the numbers of the first
-- and last of its postings, the code of what is malformed, the fingerprint, and the number of the request before it
-- that has its key. Arguments are post()'s, sources and destinations with @world resolved. The first fault in
-- the order of the CASE is the one told. The fingerprint is over a version, the kind and the canonical arguments, so
-- that white space, key order and spelled-out defaults make no difference.
-- The size rule keeps an event's body below 64 KiB whatever its ids, amounts and texts are.
-- Inlined into post(), hence neither security definer nor a search_path.
-- Locks: none. Codes: none.
create or replace function zerosum.check_requests(
    kinds text[], keys text[], posting_of int[], sources text[], destinations text[], amounts text[],
    refs text[], descriptions text[], metadatas jsonb[], effective_ats timestamptz[], ifs jsonb[],
    options jsonb[]
) returns table (i bigint, first int, last int, code text, print bytea, twin bigint)
language sql stable as $$
    select r.i, coalesce(g.first, 1), coalesce(g.last, 0),
        case
            when r.kind is null or r.kind not in ('transfer', 'credit', 'debit', 'transaction', 'hold', 'capture', 'void',
                'reversal') then 'invalid_kind'
            when r.key !~ E'^\\x7f?[ -~]+$' or length(r.key) > 255 then 'invalid_key'
            when (g.first is null) <> (r.kind in ('capture', 'void', 'reversal')) or g.size > 100
                or g.last - g.first >= g.size or r.kind not in ('transaction', 'hold') and g.size > 1
                then 'invalid_postings'
            when not g.numeral then 'invalid_amount'
            when not g.named then 'invalid_wallet_id'
            when g.loops then 'same_wallet'
            when octet_length(r.ref) > 1024 then 'invalid_reference'
            when octet_length(r.description) > 1024 then 'invalid_description'
            when jsonb_typeof(r.metadata) <> 'object' or octet_length(r.metadata::text) > 16384
                then 'invalid_metadata'
            when g.size > 30
                and zerosum.event_size(g.ids, g.size, r.metadata) > 51000
                then 'transaction_too_large'
            when r.effective not between '0001-01-01 00:00:00+00' and '9999-12-31 23:59:59.999999+00'
                then 'invalid_effective_at'
            when not zerosum.conditions_valid(r.conditions) then 'invalid_conditions'
            -- (What most captures and voids give, without a call.)
            when r.given - 'hold' = '{}' and r.kind in ('capture', 'void') and r.given ->> 'hold' ~ '^[1-9][0-9]{0,17}$' then null
            when r.given is not null or g.first is null then zerosum.options_fault(r.kind, r.given)
        end,
        sha256(convert_to(concat('1 ', r.kind, ' ', g.size, ' ', g.canon, E'\n', to_json(r.ref), E'\n',
            to_json(r.description), E'\n', nullif(r.metadata, '{}'), E'\n',
            extract(epoch from r.effective), E'\n' || r.conditions::text, E'\n\n' || r.given::text), 'UTF8')),
        lag(r.i) over (partition by r.key order by r.i)
    from unnest(kinds, keys, refs, descriptions, metadatas, effective_ats, ifs, options)
        with ordinality r (kind, key, ref, description, metadata, effective, conditions, given, i)
    left join (
        select u.request, min(u.p)::int as first, max(u.p)::int as last, count(*) as size,
            bool_and(coalesce(u.amount !~ '[^0-9]' and not starts_with(u.amount, '0')
                and length(u.amount) between 1 and 38, false)) as numeral,
            bool_and(u.source is not null and u.destination is not null) as named,
            bool_or(u.source = u.destination) as loops,
            sum(length(u.source) + length(u.destination)) as ids,
            string_agg(concat(u.source, ' ', u.destination, ' ', u.amount), E'\n' order by u.p) as canon
        from unnest(posting_of, sources, destinations, amounts)
            with ordinality u (request, source, destination, amount, p)
        group by u.request
    ) g on g.request = r.i
    where r.i <= cardinality(kinds)
$$;
