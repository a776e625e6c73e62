-- Return the ledgers that are due a checkpoint, with the log's name, size and root now. Due:
-- `holder` has the lease, the last checkpoint is `seconds` old or older, and the log has grown by
-- more than that checkpoint's own event.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.due_checkpoints(holder text, seconds float8)
returns table (ledger_id bigint, name text, epoch bigint, size bigint, root bytea)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select f.ledger_id, zerosum.log_name(f.ledger_id), f.epoch, f.last_seq,
        zerosum.log_root(f.ledger_id, 0, f.last_seq)
    from ledger.feeds f
    where f.holder = $1 and f.until > clock_timestamp()
        and f.checkpoint_at + make_interval(secs => $2) <= clock_timestamp()
        and f.last_seq > f.checkpoint_size + case when f.checkpoint_size > 0 then 1 else 0 end
$$;
