-- Return how many events a replay would send, and whether all of its range was counted: at most
-- 100,000 events are read. asked: as zerosum.plan_replay() takes it.
-- Locks: none.
-- Codes: ZS302 events of the range are purged.
create or replace function zerosum.count_replay(ledger bigint, endpoint bigint, asked jsonb)
returns table (events bigint, complete boolean)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    r ledger.replays := zerosum.plan_replay($1, $2, $3);
    page record;
begin
    events := 0;
    for i in 1..100 loop
        exit when r.read_seq >= r.upto_seq;
        select * into page from zerosum.replay_page(r, 1000);
        events := events + cardinality(page.seqs);
        r.read_seq := page.read_to;
    end loop;
    complete := r.read_seq >= r.upto_seq;
    return next;
end $$;
