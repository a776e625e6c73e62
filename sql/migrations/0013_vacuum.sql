-- The outbox is emptied and events are bundled as fast as they are written. By default the vacuum that gives their room back
-- sleeps between pages: 2 s of work took 84 under load, and both tables grew to what a load had ever put through them.
alter table ledger.outbox set (autovacuum_vacuum_cost_delay = 0);
alter table ledger.events set (autovacuum_vacuum_cost_delay = 0);
