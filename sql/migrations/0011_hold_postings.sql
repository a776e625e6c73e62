-- A hold is its postings: each says how far the hold is, and there is no row beside them. Placing and capturing wrote two
-- tables where one says the same, and a third of their time was those rows, their indexes and triggers.

drop function if exists zerosum.hold_json(ledger.holds);

drop trigger hold_postings_forward on ledger.hold_postings;

alter table ledger.hold_postings
    add column status text not null default 'pending',
    add column settled_at timestamptz;

update ledger.hold_postings p set status = h.status, settled_at = h.settled_at
from ledger.holds h
where h.id = p.hold_id and h.ledger_id = p.ledger_id and h.status <> 'pending';

-- One check and not one a rule: each is parsed anew by every statement that writes.
alter table ledger.hold_postings
    drop constraint hold_postings_amount,
    drop constraint hold_postings_captured,
    drop constraint hold_postings_held,
    add constraint hold_postings_state check (
        scale(amount) = 0 and amount > 0 and amount < 1e38 and scale(captured) = 0 and captured >= 0
        and scale(held) = 0 and held >= 0 and captured + held <= amount
        and case status when 'pending' then settled_at is null
            else held = 0 and settled_at is not null and status in ('captured', 'voided', 'expired') end
    );

drop table ledger.holds;

create index holds_newest on ledger.hold_postings ((ledger_id + 0), hold_id) where posting = 1;
create index holds_due on ledger.hold_postings (expires_at, ledger_id)
    where posting = 1 and status = 'pending' and expires_at is not null;

-- A hold is placed once and settled once; what it is about stays, and what an UPDATE does not set costs no comparison.
create trigger hold_postings_fixed
    before update of ledger_id, hold_id, posting, source, destination, asset, amount, expires_at on ledger.hold_postings
    for each statement execute function ledger.refuse();
create trigger hold_postings_forward before update on ledger.hold_postings for each row when (
    old.status <> 'pending' or new.captured < old.captured or new.captured - old.captured > old.held - new.held
) execute function ledger.refuse();
alter table ledger.hold_postings enable always trigger hold_postings_fixed;
alter table ledger.hold_postings enable always trigger hold_postings_forward;
