-- Invariants 1 and 2, and the wake-up. Apart from the tables, so that a conversion can drop and re-create them.
-- Every trigger is ENABLE ALWAYS: session_replication_role does not pass them by.
-- Codes: ZS901 entries out of balance, ZS902 append-only, ZS903 a wallet without its entry.

-- Entries of a transaction come in one statement: postings 1..n, a debit and a credit each, zero per asset.
create function ledger.entries_balance() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if exists (
        select from (
            select ledger_id, transaction_id, posting,
                count(*) = 2 and sum(amount) = 0 and min(asset) = max(asset)
                    and min(recorded_at) = max(recorded_at) as whole
            from new_entries group by ledger_id, transaction_id, posting
        ) p
        group by ledger_id, transaction_id
        having not bool_and(whole) or min(posting) <> 1 or max(posting) <> count(*)
    ) then
        raise exception 'entries of a transaction must be whole postings 1..n that sum to zero'
            using errcode = 'ZS901';
    end if;
    return null;
end $$;

-- A wallet's posted, version and recorded_at are those of one of its entries: one probe of a unique key a row.
-- That the version never goes back is wallets_forward's part. `limit 1` keeps the planner to the probe.
create function ledger.wallets_mirror() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
begin
    if exists (
        select from new_wallets w
        left join lateral (
            select e.balance, e.asset, e.recorded_at
            from ledger.entries e
            where e.ledger_id = w.ledger_id and e.wallet_id = w.id and e.version = w.version
            limit 1
        ) e on true
        where (e.balance = w.posted and e.asset = w.asset and e.recorded_at = w.recorded_at) is not true
            and (w.version <> 0 or w.posted <> 0)
    ) then
        raise exception 'a wallet''s posted, version and asset must be those of its latest entry'
            using errcode = 'ZS903';
    end if;
    return null;
end $$;

create function ledger.refuse() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception '% of % is refused', lower(tg_op), tg_table_name using errcode = 'ZS902';
end $$;

create function ledger.outbox_notify() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform pg_notify('zerosum_outbox', '');
    return null;
end $$;

create trigger entries_balance after insert on ledger.entries
    referencing new table as new_entries for each statement execute function ledger.entries_balance();
create trigger wallets_mirror_insert after insert on ledger.wallets
    referencing new table as new_wallets for each statement execute function ledger.wallets_mirror();
create trigger wallets_mirror_update after update on ledger.wallets
    referencing new table as new_wallets for each statement execute function ledger.wallets_mirror();
create trigger wallets_forward after update on ledger.wallets for each row when (
    new.version < old.version or new.version = old.version and new.posted <> old.posted
    or new.id <> old.id or new.ledger_id <> old.ledger_id or new.asset <> old.asset
) execute function ledger.refuse();
create trigger wallets_keep before delete or truncate on ledger.wallets
    for each statement execute function ledger.refuse();
create trigger entries_append before update or delete or truncate on ledger.entries
    for each statement execute function ledger.refuse();
create trigger transactions_append before update or delete or truncate on ledger.transactions
    for each statement execute function ledger.refuse();
create trigger events_append before update or delete or truncate on ledger.events
    for each statement execute function ledger.refuse();
create trigger outbox_fixed before update or truncate on ledger.outbox
    for each statement execute function ledger.refuse();
create trigger outbox_notify after insert on ledger.outbox
    for each statement execute function ledger.outbox_notify();

alter table ledger.entries enable always trigger entries_balance;
alter table ledger.entries enable always trigger entries_append;
alter table ledger.wallets enable always trigger wallets_mirror_insert;
alter table ledger.wallets enable always trigger wallets_mirror_update;
alter table ledger.wallets enable always trigger wallets_forward;
alter table ledger.wallets enable always trigger wallets_keep;
alter table ledger.transactions enable always trigger transactions_append;
alter table ledger.events enable always trigger events_append;
alter table ledger.outbox enable always trigger outbox_fixed;
alter table ledger.outbox enable always trigger outbox_notify;
