-- Return the code of what is malformed in a request; null: nothing. The first fault in the order
-- of the CASE is the one returned.
-- Of the request's postings, all null when it has none: size: how many there are; beside: they
-- are adjacent; numeral: each has an amount; named: each has both wallets; loops: one has the
-- same wallet twice; ids: the characters of all wallet ids.
-- The rule for the size keeps an event's body below 64 KiB, whatever its ids, amounts and texts
-- are. The planner inlines this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.request_fault(
    kind text, key text, reference text, description text, metadata jsonb, effective_at timestamptz,
    conditions jsonb,
    options jsonb, size bigint, beside boolean, numeral boolean, named boolean, loops boolean,
    ids bigint
) returns text language sql stable as $$
    select case
        when kind is null or kind not in ('transfer', 'credit', 'debit', 'transaction', 'hold',
            'capture', 'void',
            'reversal') then 'invalid_kind'
        when key !~ E'^\\x7f?[ -~]+$' or length(key) > 255 then 'invalid_key'
        when (size is null) <> (kind in ('capture', 'void', 'reversal')) or size > 100 or not beside
            or kind not in ('transaction', 'hold') and size > 1
            then 'invalid_postings'
        when not numeral then 'invalid_amount'
        when not named then 'invalid_wallet_id'
        when loops then 'same_wallet'
        when octet_length(reference) > 1024 then 'invalid_reference'
        when octet_length(description) > 1024 then 'invalid_description'
        when jsonb_typeof(metadata) <> 'object' or octet_length(metadata::text) > 16384
            then 'invalid_metadata'
        when size > 30 and zerosum.event_size(ids, size, metadata) > 51000
            then 'transaction_too_large'
        when effective_at not between '0001-01-01 00:00:00+00' and '9999-12-31 23:59:59.999999+00'
            then 'invalid_effective_at'
        when not zerosum.conditions_valid(conditions) then 'invalid_conditions'
        -- (Most captures and voids give only this, which needs no call.)
        when options - 'hold' = '{}' and kind in ('capture', 'void')
            and options ->> 'hold' ~ '^[1-9][0-9]{0,17}$'
            then null
        when options is not null or size is null then zerosum.options_fault(kind, options)
    end
$$;
