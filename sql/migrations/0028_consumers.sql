-- Consumers: readers of the feed whose cursor is kept here. One page at a time is leased; what is
-- not acknowledged before the lease ends is read again.
create table ledger.consumers (
    ledger_id bigint not null references ledger.ledgers,
    name text not null,
    types text[] not null default '{*}',
    wallets text[] not null default '{*}',
    kinds text[] not null default '{*}',
    -- Every event up to it was acknowledged, or is not wanted.
    acknowledged_seq bigint not null,
    -- Who reads now, up to which seq, and until when.
    lease text,
    leased_seq bigint,
    leased_until timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    primary key (ledger_id, name),
    constraint consumers_name check (name ~ '^[A-Za-z0-9_.-]{1,128}$'),
    constraint consumers_types check (cardinality(types) between 1 and 32),
    constraint consumers_wallets check (cardinality(wallets) between 1 and 32),
    constraint consumers_kinds check (cardinality(kinds) between 1 and 32),
    constraint consumers_acknowledged check (acknowledged_seq >= 0),
    constraint consumers_lease check (
        (lease is null) = (leased_seq is null) and (lease is null) = (leased_until is null))
);
