-- Return the code of what is malformed in the options for one posting of a hold or transaction,
-- or for all of them; null: nothing.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.part_fault(part jsonb) returns text
language sql immutable as $$
    select case
        when jsonb_typeof(part) <> 'object' then 'invalid_postings'
        when part ? 'amount' and coalesce(part ->> 'amount', '') !~ '^[1-9][0-9]{0,37}$'
            then 'invalid_amount'
        when part ? 'destination'
            and coalesce(part ->> 'destination', '') !~ '^(?![.][.]?$)[A-Za-z0-9_.:@-]{1,128}$'
                then 'invalid_wallet_id'
    end
$$;
