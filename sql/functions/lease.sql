-- Take or prolong a ledger's stamping lease, by database time; somebody else's unexpired lease stays.
-- Returns the epoch to stamp under, or null when somebody else holds it. A new holder gets a new epoch.
-- Locks: the ledger's row in ledger.feeds. Codes: none.
create or replace function zerosum.lease(ledger bigint, holder text, seconds float8) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    f record;
    taken bigint;
begin
    select * into f from ledger.feeds where ledger_id = $1 for update;
    if not found or f.holder is distinct from $2 and f.until > clock_timestamp() then
        return null;
    end if;
    update ledger.feeds
    set holder = $2, until = clock_timestamp() + make_interval(secs => $3),
        epoch = f.epoch + (f.holder is distinct from $2 or f.until <= clock_timestamp())::int
    where ledger_id = $1
    returning epoch into taken;
    return taken;
end $$;
