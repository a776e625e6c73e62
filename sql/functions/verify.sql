-- Re-derive what a ledger claims from its entries and events; one row for each difference, none when all is well: balances,
-- versions and times of every wallet and entry, zero-sum per posting, transaction and asset, an event for each
-- transaction with its very bytes, seqs and leaves of the feed, and the triggers. One statement, one snapshot.
-- Locks: none. Codes: none.
create or replace function zerosum.verify(ledger bigint)
returns table (fault text, subject text, detail text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
with e as materialized (
    select e.*, sum(e.amount) over w as running, row_number() over w as place,
        lag(e.recorded_at) over w as before
    from ledger.entries e where e.ledger_id = $1
    window w as (partition by e.wallet_id order by e.version)
), sums as (
    select wallet_id, count(*) as entries, sum(amount) as total, max(version) as version,
        min(asset) as asset, max(recorded_at) as recorded_at, min(asset) <> max(asset) as mixed
    from e group by wallet_id
), postings as (
    select transaction_id, posting, count(*) = 2 and sum(amount) = 0 and min(asset) = max(asset) as whole,
        min(recorded_at) as low, max(recorded_at) as high
    from e group by transaction_id, posting
), bundles as (
    select transaction_id, bool_and(whole) and min(posting) = 1 and max(posting) = count(*) as whole,
        min(low) as low, max(high) as high
    from postings group by transaction_id
), made as (
    select transaction_id, payload as text from ledger.outbox where ledger_id = $1
    union all
    select transaction_id, substr(body, strpos(body, ',"data":') + 8,
        length(body) - strpos(body, ',"data":') - 8)
    from ledger.events where ledger_id = $1
)
select 'wallet', coalesce(w.id, s.wallet_id), concat_ws(', ',
    case when w.id is null then 'entries without a wallet' end,
    case when w.posted <> coalesce(s.total, 0) then 'posted ' || w.posted || ', entries sum to '
        || coalesce(s.total, 0) end,
    case when w.version <> coalesce(s.version, 0) then 'version ' || w.version || ', entries end at '
        || coalesce(s.version, 0) end,
    case when s.version <> s.entries then 'versions have gaps' end,
    case when s.mixed or s.asset <> w.asset then 'entries of another asset' end,
    case when w.recorded_at <> s.recorded_at then 'recorded_at is not the latest entry''s' end)
from (select * from ledger.wallets where ledger_id = $1) w full join sums s on s.wallet_id = w.id
where w.id is null or w.posted <> coalesce(s.total, 0) or w.version <> coalesce(s.version, 0)
    or s.version <> s.entries or s.mixed or s.asset <> w.asset or w.recorded_at <> s.recorded_at
union all
select 'entry', wallet_id || '/' || version, concat_ws(', ',
    case when balance <> running then 'balance ' || balance || ', entries sum to ' || running end,
    case when version <> place then 'version is number ' || place end,
    case when recorded_at < before then 'recorded_at falls' end)
from e where balance <> running or version <> place or recorded_at < before
union all
select 'transaction', coalesce(t.id, b.transaction_id)::text, concat_ws(', ',
    case when t.id is null then 'entries without a transaction' end,
    case when b.transaction_id is null then 'no entries' end,
    case when not b.whole then 'postings not 1..n of two entries that sum to zero' end,
    case when b.low <> t.recorded_at or b.high <> t.recorded_at then 'recorded_at differs' end)
from (select * from ledger.transactions where ledger_id = $1) t
full join bundles b on b.transaction_id = t.id
where t.id is null or b.transaction_id is null or not b.whole
    or b.low <> t.recorded_at or b.high <> t.recorded_at
union all
select 'asset', asset, 'sums to ' || sum(amount) from e group by asset having sum(amount) <> 0
union all
select 'event', coalesce(t.id, m.transaction_id)::text,
    case when t.id is null then 'event without a transaction' when m.n is null then 'no event'
        when m.n > 1 then m.n || ' events' else 'data is not the transaction' end
from (select transaction_id, count(*) as n, min(text) as text from made
    where transaction_id is not null group by transaction_id) m
full join (select a.id, a.body from zerosum.answer($1, array(
    select t.id from ledger.transactions t where t.ledger_id = $1)) a) t on t.id = m.transaction_id
where t.id is null or m.n is distinct from 1 or m.text <> t.body
union all
select 'event', v.seq::text, concat_ws(', ',
    case when v.seq <> v.place then 'seq is number ' || v.place end,
    case when v.leaf <> sha256('\x00' || convert_to(v.body, 'UTF8')) then 'leaf is not the body''s' end,
    case when v.body not like concat('{"id":"', v.id, '","type":"', v.type, '","seq":', v.seq, ',"ledger":%')
        then 'body is not the row''s' end)
from (select *, row_number() over (order by seq) as place from ledger.events where ledger_id = $1) v
where v.seq <> v.place or v.leaf <> sha256('\x00' || convert_to(v.body, 'UTF8'))
    or v.body not like concat('{"id":"', v.id, '","type":"', v.type, '","seq":', v.seq, ',"ledger":%')
union all
select 'feed', $1::text, 'last_seq ' || coalesce(f.last_seq, 0) || ', events end at ' || v.last
from (select coalesce(max(seq), 0) as last from ledger.events where ledger_id = $1) v
left join ledger.feeds f on f.ledger_id = $1
where coalesce(f.last_seq, 0) <> v.last
union all
select * from zerosum.verify_triggers()
$$;
