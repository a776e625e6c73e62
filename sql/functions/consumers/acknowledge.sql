-- Acknowledge a consumer's events up to `seq`, as the reader that has the lease. With the last
-- event of the page the lease ends. seq null: give the page back, with nothing acknowledged. A
-- lease that has ended still counts while no other reader has taken the page.
-- Returns an outcome: acknowledged, lease_lost, or beyond (seq is not in the page); and the
-- consumer as JSON text. No row if the consumer does not exist.
-- Locks: the consumer's row.
-- Codes: none.
create or replace function zerosum.acknowledge(ledger bigint, name text, lease text, seq bigint)
returns table (outcome text, body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    c ledger.consumers;
begin
    select * into c from ledger.consumers o where o.ledger_id = $1 and o.name = $2 for update;
    if not found then
        return;
    end if;
    outcome := case when c.lease is distinct from $3 then 'lease_lost'
        when $4 > c.leased_seq then 'beyond' else 'acknowledged' end;
    if outcome = 'acknowledged' then
        c.acknowledged_seq := greatest(c.acknowledged_seq, $4);
        if $4 is null or c.acknowledged_seq = c.leased_seq then
            c.lease := null;
            c.leased_seq := null;
            c.leased_until := null;
        end if;
        update ledger.consumers o
        set acknowledged_seq = c.acknowledged_seq, lease = c.lease, leased_seq = c.leased_seq,
            leased_until = c.leased_until
        where o.ledger_id = $1 and o.name = $2;
    end if;
    body := zerosum.consumer_json(c);
    return next;
end $$;
