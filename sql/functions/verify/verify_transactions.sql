-- Return the faults of a ledger's transactions with ids above `low`, up to `high` (null: to the
-- last), and of their entries. Checked: postings 1..n of two entries each that sum to zero, at
-- the transaction's time.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.verify_transactions(ledger bigint, low bigint, high bigint)
returns table (fault text, subject text, detail text)
language sql stable security definer set search_path = pg_catalog,
    pg_temp set enable_seqscan = off as $$
with postings as (
    select transaction_id, posting, count(*) = 2 and sum(amount) = 0
        and min(asset) = max(asset) as whole,
        min(recorded_at) as low, max(recorded_at) as high
    from ledger.entries e
    where e.ledger_id = $1 and e.transaction_id > $2
        and e.transaction_id <= coalesce($3, 9223372036854775807)
    group by transaction_id, posting
), bundles as (
    select transaction_id, bool_and(whole) and min(posting) = 1
        and max(posting) = count(*) as whole,
        min(low) as low, max(high) as high
    from postings group by transaction_id
)
select 'transaction', coalesce(t.id, b.transaction_id)::text, concat_ws(', ',
    case when t.id is null then 'entries without a transaction' end,
    case when b.transaction_id is null and t.kind not in ('hold', 'void') then 'no entries'
        when b.transaction_id is not null and t.kind in ('hold', 'void') then 'a ' || t.kind
            || ' with entries' end,
    case when not b.whole then 'postings not 1..n of two entries that sum to zero' end,
    case when b.low <> t.recorded_at or b.high <> t.recorded_at then 'recorded_at differs' end)
from (
    select * from ledger.transactions t where t.ledger_id = $1 and t.id > $2
        and t.id <= coalesce($3, 9223372036854775807)
) t
full join bundles b on b.transaction_id = t.id
where t.id is null or (b.transaction_id is null) <> (t.kind in ('hold', 'void')) or not b.whole
    or b.low <> t.recorded_at or b.high <> t.recorded_at
$$;
