-- Return the id of the ledger's newest transaction; 0 if it has none.
-- (The sum and the rows spell the index that only lists use: see list_transactions().)
-- Locks: none.
-- Codes: none.
create or replace function zerosum.last_transaction(ledger bigint) returns bigint
language plpgsql stable as $$
begin
    return coalesce((
        select t.id from ledger.transactions t
        where (t.ledger_id + 0, t.id) > ($1, 0)
            and (t.ledger_id + 0, t.id) <= ($1, 9223372036854775807)
        order by t.ledger_id + 0 desc, t.id desc limit 1), 0);
end $$;
