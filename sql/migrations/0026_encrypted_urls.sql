-- A sink's URL may be encrypted, and is longer then.
alter table ledger.sinks drop constraint sinks_url_length;
alter table ledger.sinks add constraint sinks_url_length check (length(url) between 1 and 4096);
