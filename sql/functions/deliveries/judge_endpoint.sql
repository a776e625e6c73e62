-- Note whether something has arrived at an endpoint, or everything that was tried now has failed.
-- If nothing has arrived for half of disable_after_s, write an event endpoint.failing, once; if
-- nothing has for disable_after_s and for half of it since that event, disable the endpoint.
-- 0: never.
-- Locks: the endpoint's row, if there is something to note.
-- Codes: none.
create or replace function zerosum.judge_endpoint(
    ledger bigint, endpoint bigint, arrived boolean, disable_after_s float8
) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    moment constant timestamptz := clock_timestamp();
    patience constant interval := make_interval(secs => disable_after_s);
    p ledger.endpoints;
begin
    if arrived then
        update ledger.endpoints e set failing_since = null, warned_at = null
        where e.ledger_id = $1 and e.id = $2 and e.failing_since is not null;
        return;
    end if;
    update ledger.endpoints e set failing_since = moment
    where e.ledger_id = $1 and e.id = $2 and e.failing_since is null;
    if disable_after_s = 0 then
        return;
    end if;
    select * into p from ledger.endpoints e where e.ledger_id = $1 and e.id = $2
        and e.disabled_at is null;
    if p.warned_at is null and p.failing_since <= moment - patience / 2 then
        update ledger.endpoints e set warned_at = moment where e.ledger_id = $1 and e.id = $2;
        perform zerosum.endpoint_event(p, 'endpoint.failing', moment);
    elsif p.failing_since <= moment - patience and p.warned_at <= moment - patience / 2 then
        perform zerosum.disable_endpoint($1, $2, concat('nothing has arrived since ',
            to_char(p.failing_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')));
    end if;
end $$;
