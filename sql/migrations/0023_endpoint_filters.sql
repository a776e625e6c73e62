-- Endpoints select events by the wallets they touch and by the kind of transaction too.
alter table ledger.endpoints
    add column wallets text[] not null default '{*}'
        constraint endpoints_wallets check (cardinality(wallets) between 1 and 32),
    add column kinds text[] not null default '{*}'
        constraint endpoints_kinds check (cardinality(kinds) between 1 and 32);

-- It takes what a change takes, as one object.
drop function if exists zerosum.create_endpoint(bigint, text, text[], bytea, text, jsonb);
-- It takes wallets and kinds too.
drop function if exists zerosum.read_events(bigint, bigint, int, text[]);
