-- Write a checkpoint of the ledger's log as an event ledger.checkpoint: a signed note that the
-- log had this root at this size.
-- Locks: the ledger's row in ledger.feeds.
-- Codes: ZS301 the caller does not hold the lease.
create or replace function zerosum.add_checkpoint(
    ledger bigint, holder text, epoch bigint, origin text, size bigint, root bytea, checkpoint text
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    moment constant timestamptz := clock_timestamp();
    ledger_name constant text := (
        select g.name from ledger.ledgers g where g.ledger_id = ledger);
begin
    perform zerosum.locked_feed(ledger, holder, epoch);
    insert into ledger.outbox (ledger_id, ord, aggregatetype, aggregateid, type, payload,
        recorded_at)
    values (ledger, nextval('ledger.outbox_ord'), 'ledger',
        ledger_name, 'ledger.checkpoint',
        concat('{"origin":', to_json($4), ',"size":', $5, ',"root":"', encode($6, 'base64'),
            '","checkpoint":',
            to_json($7), '}'), moment);
    update ledger.feeds set checkpoint_size = $5, checkpoint_at = moment
        where ledger_id = ledger;
end $$;
