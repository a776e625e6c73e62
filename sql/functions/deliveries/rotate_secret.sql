-- Let a new secret sign what goes to an endpoint. Those before it go on beside it for so many
-- seconds, or until they expire if that is sooner; of them the newest four. Writes an event
-- endpoint.secret_rotated. Returns the endpoint as JSON text; no row if it does not exist.
-- secret, public_key: as zerosum.add_endpoint_secret() takes them.
-- Locks: the endpoint's row.
-- Codes: none (checks raise 23514).
create or replace function zerosum.rotate_secret(
    ledger bigint, endpoint bigint, secret text, public_key bytea, overlap_s float8
) returns table (body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    moment constant timestamptz := clock_timestamp();
    p ledger.endpoints;
begin
    select * into p from ledger.endpoints e
    where e.ledger_id = $1 and e.id = $2 and e.deleted_at is null
    for update;
    if not found then
        return;
    end if;
    update ledger.endpoint_secrets s
    set expires_at = least(s.expires_at, moment + make_interval(secs => overlap_s))
    where s.endpoint_id = p.id and s.ledger_id = p.ledger_id;
    delete from ledger.endpoint_secrets s
    where s.endpoint_id = p.id and s.ledger_id = p.ledger_id and (s.expires_at <= moment or s.number
        <= (select max(n.number) - 4 from ledger.endpoint_secrets n
            where n.endpoint_id = p.id and n.ledger_id = p.ledger_id));
    perform zerosum.add_endpoint_secret(p, secret, public_key);
    perform zerosum.endpoint_event(p, 'endpoint.secret_rotated');
    body := zerosum.endpoint_json(p);
    return next;
end $$;
