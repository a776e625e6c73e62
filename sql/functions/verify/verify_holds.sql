-- Return the faults of a ledger's holds and reversals with ids above `low`, up to `high` (null:
-- to the last). Checked: what is captured of a hold, or reversed of a transaction, is what its
-- captures or reversals moved; a transaction places each hold, and they settle it as they say; a
-- settled hold holds nothing.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.verify_holds(ledger bigint, low bigint, high bigint)
returns table (fault text, subject text, detail text)
language sql stable security definer set search_path = pg_catalog,
    pg_temp set enable_seqscan = off as $$
with derived as materialized (
    select t.origin_id as id, bool_or(t.kind = 'void') as voided,
        coalesce(sum(e.amount), 0) as moved,
        min(t.kind) as kind, max(t.kind) as last_kind, max(t.recorded_at) as last_at
    from ledger.transactions t
    left join ledger.entries e on e.ledger_id = t.ledger_id and e.transaction_id = t.id
        and e.amount > 0
    where t.ledger_id = $1 and t.origin_id > $2 and t.origin_id <= coalesce($3, 9223372036854775807)
    group by t.origin_id
), held as (
    select p.hold_id as id, sum(p.captured) as captured, sum(p.held) as held, count(*) as size,
        max(p.posting) as last,
        min(p.expires_at) as expires_at, min(p.status) as status, min(p.settled_at) as settled_at,
        min(p.due_at) as due_at,
        count(distinct (p.expires_at, p.status, p.settled_at, p.due_at)) > 1 as differs
    from ledger.hold_postings p
    where p.ledger_id = $1 and p.hold_id > $2
        and p.hold_id <= coalesce($3, 9223372036854775807) group by p.hold_id
), reversed as (
    select r.transaction_id as id, sum(r.reversed) as reversed from ledger.reversed_postings r
    where r.ledger_id = $1 and r.transaction_id > $2
        and r.transaction_id <= coalesce($3, 9223372036854775807)
    group by r.transaction_id
)
select 'hold', x.id::text, x.detail
from (
    select coalesce(p.id, t.id) as id, concat_ws(', ',
        case when p.id is null then 'no postings' when p.size <> p.last
            then 'postings not 1..n' end,
        case when p.differs then 'expires_at, status, settled_at or due_at differ' end,
        case when p.due_at is distinct from case when p.status = 'pending' then p.expires_at end
            then 'due_at is not when it expires' end,
        case when t.id is null then 'no transaction' end,
        case when p.captured <> coalesce(d.moved, 0) then 'captured ' || p.captured
            || ', captures moved '
            || coalesce(d.moved, 0) end,
        case when p.status <> 'pending' and p.held <> 0 then p.status || ' and still held' end,
        case when (p.status = 'voided') <> coalesce(d.voided, false)
            then 'status is not what was done' end,
        case when p.status = 'captured' and p.settled_at is distinct from d.last_at
            then 'settled_at is not the last capture''s' end,
        case when t.extra not like concat('%,"expires_at":',
            coalesce(zerosum.time_json(p.expires_at), 'null'))
            then 'expires_at is not what was answered' end,
        case when p.status = 'expired' and (p.expires_at <= p.settled_at) is not true
            then 'expired before its time' end
        ) as detail
    from held p
    full join (
        select t.id, t.extra from ledger.transactions t
        where t.ledger_id = $1 and t.id > $2 and t.id <= coalesce($3, 9223372036854775807)
            and t.kind = 'hold'
    ) t on t.id = p.id
    left join derived d on d.id = p.id
) x
where x.detail <> ''
union all
select 'reversal', coalesce(r.id, d.id)::text,
    concat('reversed ', coalesce(r.reversed, 0), ', reversals moved ', coalesce(d.moved, 0))
from reversed r
full join (select * from derived d where d.kind = 'reversal' or d.last_kind = 'reversal') d
    on d.id = r.id
where r.reversed is distinct from d.moved or d.kind <> d.last_kind
$$;
