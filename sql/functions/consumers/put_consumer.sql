-- Create a consumer, or give one of that name these types, wallets and kinds; its cursor stays.
-- `start`, of a new one: now (what is stamped from now on), beginning, or the seq of the first
-- event wanted.
-- Returns the consumer as JSON text, and whether it is new.
-- Locks: the ledger's row in ledger.feeds, so that "now" is exact; the consumer's row.
-- Codes: ZS302 events from the first wanted on are purged (checks raise 23514, a start that is no
-- number 22P02).
create or replace function zerosum.put_consumer(
    ledger bigint, name text, types text[], wallets text[], kinds text[], start text
) returns table (body text, created boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    last bigint;
    first bigint;
    c ledger.consumers;
begin
    select f.last_seq into last from ledger.feeds f where f.ledger_id = $1 for update;
    first := case when $6 = 'now' or exists (
            select from ledger.consumers e where e.ledger_id = $1 and e.name = $2) then last
        else zerosum.kept_after($1, case $6 when 'beginning' then 0
            else least($6::bigint - 1, last) end) end;
    insert into ledger.consumers as o (ledger_id, name, types, wallets, kinds, acknowledged_seq)
    values ($1, $2, $3, $4, $5, first)
    on conflict (ledger_id, name) do nothing
    returning o.* into c;
    created := c.name is not null;
    if not created then
        update ledger.consumers o set types = $3, wallets = $4, kinds = $5
        where o.ledger_id = $1 and o.name = $2
        returning o.* into c;
    end if;
    body := zerosum.consumer_json(c);
    return next;
end $$;
