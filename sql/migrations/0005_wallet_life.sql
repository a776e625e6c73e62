-- A frozen wallet gives nothing; whether it may still receive is said when it is frozen.
alter table ledger.wallets add column credits_while_frozen boolean not null default false;
