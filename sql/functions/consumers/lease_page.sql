-- Lease the next page of a consumer's events to one reader for so many seconds, and return the
-- page. `lease` names the reader; the reader that has the lease already gets the page anew, and
-- more time. Events that are not wanted are passed over for good.
-- One row, none if the consumer does not exist. leased_s: for how many seconds another reader has
-- the page still; null: this one has it. at_end: nothing is stamped beyond read_to. bodies: the
-- events; if empty, nothing is leased.
-- Locks: the consumer's row.
-- Codes: none.
create or replace function zerosum.lease_page(
    ledger bigint, name text, lease text, seconds float8, max int
) returns table (leased_s float8, read_to bigint, at_end boolean, bodies text[], until timestamptz)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    moment constant timestamptz := clock_timestamp();
    c ledger.consumers;
    page record;
    last bigint;
begin
    select * into c from ledger.consumers o where o.ledger_id = $1 and o.name = $2 for update;
    if not found then
        return;
    end if;
    if c.leased_until > moment and c.lease <> $3 then
        leased_s := extract(epoch from c.leased_until - moment);
        return next;
        return;
    end if;
    select * into page
    from zerosum.read_events($1, c.acknowledged_seq, $5, c.types, c.wallets, c.kinds);
    read_to := page.read_to;
    at_end := page.at_end;
    bodies := page.bodies;
    if cardinality(bodies) > 0 then
        until := moment + make_interval(secs => $4);
        last := page.seqs[cardinality(page.seqs)];
        update ledger.consumers o
        set lease = $3, leased_seq = last, leased_until = lease_page.until
        where o.ledger_id = $1 and o.name = $2;
    elsif read_to > c.acknowledged_seq or c.lease is not null then
        update ledger.consumers o
        set acknowledged_seq = lease_page.read_to, lease = null, leased_seq = null,
            leased_until = null
        where o.ledger_id = $1 and o.name = $2;
    end if;
    return next;
end $$;
