-- Capturing a hold touches no index, and placing it two: what changes when a hold is settled is in no index's condition, so
-- that the new row stays on its page (HOT). due_at: when what is pending expires; null once it is settled, or if it never does.

-- A table's CHECK is parsed anew by every statement that writes, for a twentieth of a batch; a domain's once a session. So
-- the table keeps what only several columns can say. (Columns take a domain without being rewritten before it has a rule.)
create domain ledger.amount as numeric;
create domain ledger.quantity as numeric;
create domain ledger.hold_status as text;

drop function if exists zerosum.hold_json(ledger.hold_postings);
drop trigger hold_postings_forward on ledger.hold_postings;
drop trigger hold_postings_fixed on ledger.hold_postings;
drop index ledger.holds_newest;
drop index ledger.holds_due;
drop index ledger.hold_postings_expiry;

alter table ledger.hold_postings
    add column due_at timestamptz,
    drop constraint hold_postings_pkey,
    drop constraint hold_postings_state,
    alter column amount type ledger.amount,
    alter column captured type ledger.quantity,
    alter column held type ledger.quantity,
    alter column status type ledger.hold_status,
    set (fillfactor = 60);

alter domain ledger.amount add constraint amount_whole check (scale(value) = 0 and value > 0 and value < 1e38);
alter domain ledger.quantity add constraint quantity_whole check (scale(value) = 0 and value >= 0);
alter domain ledger.hold_status
    add constraint hold_status_known check (value in ('pending', 'captured', 'voided', 'expired'));

update ledger.hold_postings set due_at = expires_at where status = 'pending' and expires_at is not null;

alter table ledger.hold_postings
    add primary key (ledger_id, hold_id, posting),
    add constraint hold_postings_state check (
        captured + held <= amount and (settled_at is null) = (status = 'pending') and (settled_at is null or held = 0)
    );
-- An expression, so that only what asks for a wallet's holds can use it (as 0001 has it for transactions).
create index hold_postings_source on ledger.hold_postings (source, (ledger_id + 0), due_at);
create index holds_due on ledger.hold_postings (due_at, ledger_id) where posting = 1 and due_at is not null;

create trigger hold_postings_fixed
    before update of ledger_id, hold_id, posting, source, destination, asset, amount, expires_at on ledger.hold_postings
    for each statement execute function ledger.refuse();
-- (After it: one before it locks the row first, at the cost of another record in the write-ahead log.)
create trigger hold_postings_forward after update on ledger.hold_postings for each row when (
    old.status <> 'pending' or new.captured < old.captured or new.captured - old.captured > old.held - new.held
) execute function ledger.refuse();
alter table ledger.hold_postings enable always trigger hold_postings_fixed;
alter table ledger.hold_postings enable always trigger hold_postings_forward;
