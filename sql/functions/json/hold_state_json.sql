-- Return the members of an answer that tell a hold's state. Amounts of several assets have no
-- sum and are null.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.hold_state_json(status text, amount numeric, captured numeric,
    remaining numeric)
returns text language sql stable as $$
    select concat('"status":"', status, '","amount":', coalesce(amount::text, 'null'),
        ',"captured":', coalesce(captured::text, 'null'), ',"remaining":',
        coalesce(remaining::text, 'null'))
$$;
