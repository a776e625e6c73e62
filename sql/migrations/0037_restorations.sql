-- The times that a ledger lost the end of its feed: its database was restored to an earlier
-- moment, or a standby that was behind took over. The feed ended at kept_seq then. From
-- restored_seq on, the seq of the event that tells of it, no seq was in use before. The first
-- restoration of a ledger is number 2: its log is the second that its consumers see.
create table ledger.restorations (
    ledger_id bigint not null,
    number int not null check (number > 1),
    kept_seq bigint not null check (kept_seq >= 0),
    restored_seq bigint not null check (restored_seq > kept_seq),
    restored_at timestamptz not null default clock_timestamp(),
    primary key (ledger_id, number)
);

create trigger restorations_append before update or delete on ledger.restorations
    for each statement execute function ledger.refuse();
alter table ledger.restorations enable always trigger restorations_append;
create trigger restorations_truncate before truncate on ledger.restorations
    for each statement execute function ledger.refuse();
alter table ledger.restorations enable always trigger restorations_truncate;
