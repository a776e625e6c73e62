-- Return the postings of each unsettled capture and void: those of its hold, in order. A request
-- that can have none is one row with a refusal. A null amount means all that is left; a null
-- destination captures nothing. sized: whether the request's size must be checked. The planner
-- inlines this into derive_postings(), so it is not security definer and has no search_path.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.derived_captures(l bigint, requests ledger.request[],
    outcomes text[])
returns table (posting ledger.posting, refusal text, sized bool)
language sql stable as $$
    select row(null, c.number, c.source, case when c.goes_to = '@world' then '@world:' || c.asset
        else c.goes_to end,
            c.amount::numeric, c.origin, c.posting)::ledger.posting,
        case
            when c.posting is null then '{"code" : "unknown_hold"}'
            when c.posting > 1 and c.options ? 'amount' then '{"code" : "invalid_postings"}'
            when c.goes_to = c.source then '{"code" : "same_wallet"}'
        end,
        c.posting > 30 or c.options ? 'postings'
    from (
        select a.number, a.options, a.origin, h.posting, h.source, h.asset,
            case when a.kind = 'capture' and (h.one is not null or not a.options ? 'postings')
                then coalesce(h.one ->> 'destination', a.options ->> 'destination',
                    h.destination) end as goes_to,
            coalesce(h.one, a.options) ->> 'amount' as amount
        from (
            select r.number, r.kind, r.options, (r.options ->> 'hold')::bigint as origin
            from unnest(requests) r
            where r.kind in ('capture', 'void') and outcomes[r.number] is null
        ) a
        left join lateral (
            select h.posting, h.source, h.destination, h.asset,
                case when a.options ? 'postings'
                    then (select n.one from zerosum.named_part(a.options, h.posting) n) end as one
            from ledger.hold_postings h
            where h.ledger_id = l and h.hold_id = a.origin order by h.posting
        ) h on true
    ) c
$$;
