-- The relays that work now, so that they share the ledgers.
create table ledger.relays (
    holder text primary key,
    until timestamptz not null
);

-- take_leases() returns `surplus` too.
drop function if exists zerosum.take_leases(text, float8, text);
