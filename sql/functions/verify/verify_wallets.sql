-- Return the faults of a ledger's wallets with ids above `low`, up to `high` (null: to the
-- last), and of their entries. Checked: the balance, version and time of each wallet are those
-- of its entries; held is the sum of its holds; each entry follows from the one before. A time
-- may fall by more than a minute: the server's clock was set back then, and post() did not
-- follow.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.verify_wallets(ledger bigint, low text, high text)
returns table (fault text, subject text, detail text)
language sql stable security definer set search_path = pg_catalog,
    pg_temp set enable_seqscan = off as $$
with e as materialized (
    select e.*, sum(e.amount) over w as running, row_number() over w as place,
        lag(e.recorded_at) over w as before, lead(e.version) over w is null as is_last
    from ledger.entries e
    where e.ledger_id = $1 and e.wallet_id > $2 collate "C"
        and e.wallet_id <= coalesce($3, '~') collate "C"
    window w as (partition by e.wallet_id order by e.version)
), sums as (
    select wallet_id, count(*) as entries, sum(amount) as total, max(version) as version,
        min(asset) as asset, max(recorded_at) filter (where is_last) as recorded_at,
        min(asset) <> max(asset) as mixed
    from e group by wallet_id
)
select 'wallet', coalesce(w.id, s.wallet_id), concat_ws(', ',
    case when w.id is null then 'entries without a wallet' end,
    case when w.posted <> coalesce(s.total, 0) then 'posted ' || w.posted || ', entries sum to '
        || coalesce(s.total, 0) end,
    case when w.version <> coalesce(s.version, 0) then 'version ' || w.version
        || ', entries end at '
        || coalesce(s.version, 0) end,
    case when s.version <> s.entries then 'versions have gaps' end,
    case when s.mixed or s.asset <> w.asset then 'entries of another asset' end,
    case when w.recorded_at <> s.recorded_at then 'recorded_at is not the latest entry''s' end,
    case when w.held <> w.reserved then 'held ' || w.held || ', holds reserve ' || w.reserved end,
    case when coalesce(w.next_expiry, 'infinity') > w.expiry
        then 'a hold expires before next_expiry' end,
    case when w.floor_debt <> 0 and w.floor_debt <> w.min_balance - w.posted + w.held then
        'floor_debt is not what is below min_balance' end)
from (
    select w.*, h.reserved, h.expiry
    from ledger.wallets w
    cross join lateral (
        select coalesce(sum(p.held), 0) as reserved, min(p.expires_at) as expiry
        from ledger.hold_postings p
        where p.source = w.id and p.ledger_id + 0 = $1 and p.held > 0
    ) h
    where w.ledger_id = $1 and w.id > $2 collate "C" and w.id <= coalesce($3, '~') collate "C"
) w full join sums s on s.wallet_id = w.id
where w.id is null or w.posted <> coalesce(s.total, 0) or w.version <> coalesce(s.version, 0)
    or s.version <> s.entries or s.mixed or s.asset <> w.asset or w.recorded_at <> s.recorded_at
    or w.held <> w.reserved or coalesce(w.next_expiry, 'infinity') > w.expiry
    or w.floor_debt <> 0 and w.floor_debt <> w.min_balance - w.posted + w.held
union all
select 'entry', wallet_id || '/' || version, concat_ws(', ',
    case when balance <> running then 'balance ' || balance || ', entries sum to ' || running end,
    case when version <> place then 'version is number ' || place end,
    case when recorded_at < before and recorded_at >= before - interval '1 minute'
        then 'recorded_at falls' end)
from e where balance <> running or version <> place
    or recorded_at < before and recorded_at >= before - interval '1 minute'
$$;
