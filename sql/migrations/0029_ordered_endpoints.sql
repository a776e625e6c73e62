-- Endpoints that want each wallet's events in order.
alter table ledger.endpoints add column ordered boolean not null default false;

-- It returns whether the endpoint is ordered too.
drop function if exists zerosum.next_deliveries(bigint, bigint, int, bigint, bigint[], text);
