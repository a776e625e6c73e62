-- The SQLSTATE of each refusal. The standard leaves the class ZS to implementations. The first
-- digit says the kind: 1 malformed, 2 refused by the ledger's state, 3 the relay's, 9 an
-- invariant would break.
-- Locks: none.
-- Codes: none; an unlisted code is ZS000.
create or replace function zerosum.sqlstate(code text) returns text
language sql immutable as $$
    select case $1
        when 'invalid_kind' then 'ZS101'
        when 'invalid_key' then 'ZS102'
        when 'invalid_postings' then 'ZS103'
        when 'invalid_amount' then 'ZS104'
        when 'invalid_wallet_id' then 'ZS105'
        when 'same_wallet' then 'ZS106'
        when 'invalid_reference' then 'ZS107'
        when 'invalid_description' then 'ZS108'
        when 'invalid_metadata' then 'ZS109'
        when 'invalid_effective_at' then 'ZS110'
        when 'transaction_too_large' then 'ZS111'
        when 'invalid_limits' then 'ZS112'
        when 'invalid_asset' then 'ZS113'
        when 'invalid_conditions' then 'ZS114'
        when 'invalid_options' then 'ZS115'
        when 'invalid_expires_at' then 'ZS116'
        when 'unknown_wallet' then 'ZS201'
        when 'asset_mismatch' then 'ZS202'
        when 'wallet_frozen' then 'ZS203'
        when 'wallet_closed' then 'ZS204'
        when 'insufficient_funds' then 'ZS205'
        when 'max_balance_exceeded' then 'ZS206'
        when 'balance_overflow' then 'ZS207'
        when 'idempotency_key_reused' then 'ZS208'
        when 'unknown_asset' then 'ZS209'
        when 'wallet_exists' then 'ZS210'
        when 'reserved_wallet_id' then 'ZS211'
        when 'asset_exists' then 'ZS212'
        when 'wallet_not_empty' then 'ZS213'
        when 'balance_outside_limits' then 'ZS214'
        when 'wallet_changed' then 'ZS215'
        when 'available_too_low' then 'ZS216'
        when 'unknown_hold' then 'ZS217'
        when 'hold_captured' then 'ZS218'
        when 'hold_voided' then 'ZS219'
        when 'hold_expired' then 'ZS220'
        when 'hold_exceeded' then 'ZS221'
        when 'unknown_transaction' then 'ZS222'
        when 'not_reversible' then 'ZS223'
        when 'reversal_exceeded' then 'ZS224'
        when 'lease_lost' then 'ZS301'
        when 'events_purged' then 'ZS302'
        when 'cursor_ahead' then 'ZS303'
        else 'ZS000' end
$$;
