-- A hold is placed once and settled once, what is captured or reversed never grows less, what is held never more, and
-- nothing of it is deleted. Apart from the tables, as the other triggers.

create trigger holds_forward before update on ledger.holds for each row when (
    old.status <> 'pending' or new.id <> old.id or new.ledger_id <> old.ledger_id
    or new.expires_at is distinct from old.expires_at
) execute function ledger.refuse();
create trigger holds_keep before delete or truncate on ledger.holds
    for each statement execute function ledger.refuse();
create trigger hold_postings_forward before update on ledger.hold_postings for each row when (
    new.captured < old.captured or new.held > old.held or new.captured - old.captured > old.held - new.held
    or (new.ledger_id, new.hold_id, new.posting, new.source, new.destination, new.asset, new.amount)
        <> (old.ledger_id, old.hold_id, old.posting, old.source, old.destination, old.asset, old.amount)
    or new.expires_at is distinct from old.expires_at
) execute function ledger.refuse();
create trigger hold_postings_keep before delete or truncate on ledger.hold_postings
    for each statement execute function ledger.refuse();
create trigger reversed_postings_forward before update on ledger.reversed_postings for each row when (
    new.reversed <= old.reversed or (new.ledger_id, new.transaction_id, new.posting, new.amount)
        <> (old.ledger_id, old.transaction_id, old.posting, old.amount)
) execute function ledger.refuse();
create trigger reversed_postings_keep before delete or truncate on ledger.reversed_postings
    for each statement execute function ledger.refuse();

alter table ledger.holds enable always trigger holds_forward;
alter table ledger.holds enable always trigger holds_keep;
alter table ledger.hold_postings enable always trigger hold_postings_forward;
alter table ledger.hold_postings enable always trigger hold_postings_keep;
alter table ledger.reversed_postings enable always trigger reversed_postings_forward;
alter table ledger.reversed_postings enable always trigger reversed_postings_keep;
