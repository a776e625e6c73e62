-- It returns types too, since a test event is tried once.
drop function if exists zerosum.next_deliveries(bigint, bigint, int, bigint, bigint[], text);
