-- Return the replay that `asked` describes, unwritten: an object with after_seq or since (a time),
-- upto_seq or until (a time), types, status and source (an endpoint's id), each of which may be
-- missing. Without a beginning it is the oldest event that is kept.
-- Locks: none.
-- Codes: ZS302 events after the beginning are purged.
create or replace function zerosum.plan_replay(ledger bigint, endpoint bigint, asked jsonb)
returns ledger.replays
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    last bigint;
    low bigint;
    purged bigint;
    r ledger.replays;
begin
    select f.last_seq into last from ledger.feeds f where f.ledger_id = $1;
    r.ledger_id := $1;
    r.endpoint_id := $2;
    r.source_id := coalesce((asked -> 'source')::bigint, $2);
    low := least(last, coalesce((asked -> 'after_seq')::bigint,
        zerosum.seq_at($1, (asked ->> 'since')::timestamptz), 0));
    purged := zerosum.purged_seq($1);
    if purged > 0 and low = purged and asked ? 'since' then
        -- Of that time there may have been events that are purged.
        perform zerosum.refuse_purged(purged);
    end if;
    r.after_seq := zerosum.kept_after($1, low);
    r.upto_seq := least(last, coalesce((asked -> 'upto_seq')::bigint,
        zerosum.seq_at($1, (asked ->> 'until')::timestamptz), last));
    r.upto_seq := greatest(r.upto_seq, r.after_seq);
    r.types := array(select jsonb_array_elements_text(asked -> 'types'));
    r.status := asked ->> 'status';
    r.read_seq := r.after_seq;
    r.replayed := 0;
    r.cancelled := false;
    return r;
end $$;
