-- Return the code and facts of a refusal for a wallet that does not exist.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.wallet_facts(wallet text) returns text
language sql stable as $$
    select json_build_object('code', case when $1 ~ '^(?![.][.]?$)[A-Za-z0-9_.:@-]{1,128}$'
        then 'unknown_wallet' else 'invalid_wallet_id' end, 'wallet', $1)::text
$$;
