-- Return ids of transactions that search_transactions() looks at, newest first: at most `max`,
-- from `first` on and below `past`. By key or reference where one is wanted, else by the wallet's
-- entries where a wallet is wanted, else all of the ledger.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.next_transactions(ledger bigint, first bigint, past bigint,
    max int, wallet text, reference text, key text) returns bigint[]
language plpgsql stable as $$
begin
    if key is not null then
        return array(
            select t.id from ledger.transactions t
            where t.key = $7 and t.ledger_id = $1 and t.id >= first and t.id < past);
    elsif reference is not null then
        -- (Rows are compared as in list_transactions(); the index has set references only.)
        return array(
            select t.id from ledger.transactions t
            where t.ledger_id = $1 and t.reference is not null
                and (t.reference, t.ledger_id, t.id) >= ($6, $1, first)
                and (t.reference, t.ledger_id, t.id) < ($6, $1, past)
            order by t.reference desc, t.ledger_id desc, t.id desc limit max);
    elsif wallet is not null then
        -- (A transaction may have several entries of one wallet.)
        return array(
            select e.transaction_id
            from (
                select e.transaction_id from ledger.entries e
                where e.wallet_id = $5 and e.ledger_id = $1
                    and e.version < zerosum.version_at($1, $5, past)
                order by e.version desc limit max
            ) e
            where e.transaction_id >= first
            group by e.transaction_id order by e.transaction_id desc);
    end if;
    return array(
        select t.id from ledger.transactions t
        where (t.ledger_id + 0, t.id) >= ($1, first) and (t.ledger_id + 0, t.id) < ($1, past)
        order by t.ledger_id + 0 desc, t.id desc limit max);
end $$;
