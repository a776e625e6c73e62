-- Return who has the lease of each ledger, by the ledger's name. holder: null if nobody has it.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.lease_states()
returns table (ledger text, holder text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select g.name, case when f.until > clock_timestamp() then f.holder end
    from ledger.ledgers g join ledger.feeds f on f.ledger_id = g.ledger_id
    order by g.name
$$;
