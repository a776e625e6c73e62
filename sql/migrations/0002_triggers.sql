-- Invariants 1 to 3, and the wake-up. Apart from the tables, so that a conversion can drop and re-create them.
-- Every trigger is ENABLE ALWAYS: session_replication_role does not pass them by.
-- Codes: ZS901 entries out of balance, ZS902 append-only, ZS903 a wallet without its entries.

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

-- A wallet changes only with the entries that account for it: as many as its version grew, with numbers from the old
-- version to the new, that sum to what posted grew by, the last of them with its balance and time.
create function ledger.wallets_account() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_indexscan = on set jit = off as $$
begin
    if exists (
        select from new_wallets n
        join old_wallets o on o.ledger_id = n.ledger_id and o.id = n.id
        cross join lateral (
            select count(*) as count, coalesce(sum(e.amount), 0) as total,
                coalesce(max(e.recorded_at), o.recorded_at) as recorded_at,
                coalesce(max(e.balance) filter (where e.version = n.version), o.posted) as balance,
                bool_and(e.asset = n.asset) as pure
            from ledger.entries e
            where e.wallet_id = n.id and e.ledger_id = n.ledger_id and e.version > o.version and e.version <= n.version
        ) e
        where e.count <> n.version - o.version or e.total <> n.posted - o.posted or e.balance <> n.posted
            or e.recorded_at <> n.recorded_at or not e.pure
    ) then
        raise exception 'a wallet changes only with the entries that account for it' using errcode = 'ZS903';
    end if;
    return null;
end $$;

create function ledger.wallets_empty() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'a wallet is made empty' using errcode = 'ZS903';
end $$;

create function ledger.refuse() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception '% of % is refused', lower(tg_op), tg_table_name using errcode = 'ZS902';
end $$;

-- NOTIFY only when the relay has said that it sleeps: it takes a lock of the whole cluster until the commit is
-- flushed. This runs after the INSERT, so the writer has its xid, and the relay waits for older writers before it sleeps.
create function ledger.outbox_notify() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if extract(epoch from clock_timestamp()) * 1000 > coalesce(pg_sequence_last_value('ledger.awake'), 0) then
        perform pg_notify('zerosum_outbox', '');
    end if;
    return null;
end $$;

create trigger entries_balance after insert on ledger.entries
    referencing new table as new_entries for each statement execute function ledger.entries_balance();
create trigger wallets_account after update on ledger.wallets
    referencing new table as new_wallets old table as old_wallets
    for each statement execute function ledger.wallets_account();
create trigger wallets_empty after insert on ledger.wallets for each row
    when (new.version <> 0 or new.posted <> 0 or new.recorded_at <> '-infinity')
    execute function ledger.wallets_empty();
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
alter table ledger.wallets enable always trigger wallets_account;
alter table ledger.wallets enable always trigger wallets_empty;
alter table ledger.wallets enable always trigger wallets_forward;
alter table ledger.wallets enable always trigger wallets_keep;
alter table ledger.transactions enable always trigger transactions_append;
alter table ledger.events enable always trigger events_append;
alter table ledger.outbox enable always trigger outbox_fixed;
alter table ledger.outbox enable always trigger outbox_notify;
