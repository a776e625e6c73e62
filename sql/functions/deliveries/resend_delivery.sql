-- Send an event to an endpoint now, again or for the first time. The next try counts as the
-- first of the schedule.
-- Locks: the ledger's row in ledger.feeds, shared, so that nothing is purged meanwhile; the
-- delivery's row.
-- Codes: ZS302 the event is purged; false if the event or the endpoint does not exist, or the
-- endpoint is disabled.
create or replace function zerosum.resend_delivery(ledger bigint, endpoint bigint, seq bigint)
returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    purged bigint;
begin
    perform from ledger.feeds f where f.ledger_id = $1 for share;
    purged := zerosum.purged_seq($1);
    if $3 between 1 and purged then
        perform zerosum.refuse_purged(purged);
    end if;
    return zerosum.send_again($1, $2, $3);
end $$;
