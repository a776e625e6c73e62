-- When each ledger was last verified, up to which event, and how many faults were found.
create table ledger.verifications (
    ledger_id bigint primary key references ledger.ledgers,
    at timestamptz not null,
    seq bigint not null,
    faults int not null,
    constraint verifications_counts check (seq >= 0 and faults >= 0)
);

-- It takes an asset too.
drop function if exists zerosum.list_wallets(bigint, text, int, text, text[], text[]);
