-- Return whether an event matches one of the types, one of the wallets and one of the kinds.
-- wallets: * (all), a wallet's id, or a prefix such as user_*: of a transaction or a hold both
-- wallets of each posting count, of an event of a wallet that wallet. kinds: * (all), or a kind of
-- transaction. An event without wallets, or without a kind, matches only *.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.event_matches(
    type text, body text, types text[], wallets text[], kinds text[]
) returns boolean
language sql immutable as $$
    select zerosum.type_matches($1, $3) and case
        when '*' = any ($4) and '*' = any ($5) then true
        else zerosum.data_matches($1, $2::json -> 'data', $4, $5) end
$$;
