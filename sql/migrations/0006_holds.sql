-- Holds and reversals. The transactions that place, capture or void a hold and those that reverse another name what
-- they are about in origin_id; `extra` is what only such a transaction's answer tells, as the JSON members it was first
-- given as, so that the answer stays the same bytes whatever comes after.

alter table ledger.transactions
    add column origin_id bigint,
    add column extra text,
    drop constraint transactions_kind_known,
    add constraint transactions_kind_known check (
        kind in ('transfer', 'credit', 'debit', 'transaction', 'hold', 'capture', 'void', 'reversal')
    ),
    add constraint transactions_origin_named check (
        (origin_id is not null) = (kind in ('capture', 'void', 'reversal'))
    );

create index transactions_origin on ledger.transactions (origin_id, ledger_id) where origin_id is not null;

-- next_expiry: no hold on the wallet expires before; it may be earlier than the first that does. floor_debt: how far
-- below min_balance a forced reversal has taken it.
alter table ledger.wallets
    add column next_expiry timestamptz,
    add column floor_debt numeric not null default 0,
    drop constraint wallets_whole,
    add constraint wallets_whole check (
        scale(posted) = 0 and scale(held) = 0 and held >= 0 and version >= 0 and scale(floor_debt) = 0 and floor_debt >= 0
    ),
    drop constraint wallets_min,
    add constraint wallets_min check (posted - held >= min_balance - floor_debt);

-- A hold's id is that of the transaction that placed it. Whoever changes a hold has its source wallets locked.
create table ledger.holds (
    ledger_id bigint not null,
    id bigint not null,
    expires_at timestamptz,
    settled_at timestamptz,
    status text not null default 'pending',
    primary key (id, ledger_id),
    constraint holds_status_known check (status in ('pending', 'captured', 'voided', 'expired')),
    constraint holds_settled check ((status = 'pending') = (settled_at is null))
);

create index holds_newest on ledger.holds ((ledger_id + 0), id);
create index holds_expiry on ledger.holds (expires_at, ledger_id) where status = 'pending';

-- held: what the posting still reserves of its source. What is neither captured nor held was released.
create table ledger.hold_postings (
    ledger_id bigint not null,
    hold_id bigint not null,
    expires_at timestamptz,
    posting smallint not null,
    source text collate "C" not null,
    destination text collate "C" not null,
    asset text collate "C" not null,
    amount numeric not null,
    captured numeric not null default 0,
    held numeric not null,
    primary key (hold_id, ledger_id, posting),
    constraint hold_postings_amount check (scale(amount) = 0 and amount > 0 and amount < 1e38),
    constraint hold_postings_captured check (scale(captured) = 0 and captured >= 0),
    constraint hold_postings_held check (scale(held) = 0 and held >= 0 and captured + held <= amount)
);

create index hold_postings_expiry on ledger.hold_postings (source, ledger_id, expires_at) where held > 0;

-- How much of a posting has been reversed. Whoever changes it has both of the posting's wallets locked.
create table ledger.reversed_postings (
    ledger_id bigint not null,
    transaction_id bigint not null,
    posting smallint not null,
    amount numeric not null,
    reversed numeric not null,
    primary key (transaction_id, ledger_id, posting),
    constraint reversed_postings_range check (scale(reversed) = 0 and reversed > 0 and reversed <= amount)
);
