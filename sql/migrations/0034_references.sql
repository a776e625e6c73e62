-- Transactions are found by their reference. Those without one cost nothing.
create index transactions_reference on ledger.transactions (reference, ledger_id, id)
    where reference is not null;
