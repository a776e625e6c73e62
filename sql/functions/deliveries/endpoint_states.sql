-- Return, for metrics, every ledger's endpoints: the state (enabled, failing, disabled), how many
-- events each is behind, how many deliveries wait for a retry, and how many are dead; both are
-- counted up to 10,000.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.endpoint_states()
returns table (ledger text, endpoint bigint, state text, behind bigint, pending bigint, dead bigint)
language sql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
    select g.name, p.id,
        case when p.disabled_at is not null then 'disabled'
            when p.failing_since is not null then 'failing' else 'enabled' end,
        greatest(f.last_seq - p.sent_seq, 0),
        (select count(*) from (
            select from ledger.deliveries d
            where d.endpoint_id = p.id and d.ledger_id = p.ledger_id and d.status = 'pending'
            limit 10000) x),
        (select count(*) from (
            select from ledger.deliveries d
            where d.endpoint_id = p.id and d.ledger_id = p.ledger_id and d.status = 'dead'
            limit 10000) x)
    from ledger.endpoints p
    join ledger.ledgers g on g.ledger_id = p.ledger_id
    join ledger.feeds f on f.ledger_id = p.ledger_id
    where p.deleted_at is null
    order by g.name, p.id
$$;
