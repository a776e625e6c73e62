-- An endpoint reads the feed by a cursor; ledger.deliveries holds what came of an event there: one row, written once
-- when it arrives at the first try. Before, stamping wrote a row for each event and endpoint, each was changed when it
-- arrived, and its attempt was a row of its own.
--
-- Events above sent_seq that have a row in ledger.deliveries are recorded already; those without are still to be sent.
alter table ledger.endpoints add column sent_seq bigint not null default 0;

-- Whoever stamps holds a row of ledger.feeds: none is being fanned out the old way while the cursors are set.
lock table ledger.feeds in exclusive mode;
update ledger.endpoints p set sent_seq = f.last_seq from ledger.feeds f where f.ledger_id = p.ledger_id;

-- How long the try took that arrived; ledger.attempts keeps those that failed.
alter table ledger.deliveries add column duration_ms int;
