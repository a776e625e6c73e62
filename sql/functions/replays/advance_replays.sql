-- Give an endpoint the next events of its oldest active replay, at most `max`: their deliveries are
-- due now. Those that are due already stay as they are. A replay that is not done keeps its events
-- from being purged.
-- Locks: the replay's row, deliveries by seq.
-- Codes: none.
create or replace function zerosum.advance_replays(ledger bigint, endpoint bigint, max int)
returns void
language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
declare
    r ledger.replays;
    page record;
    ended timestamptz;
begin
    select * into r from ledger.replays o
    where o.endpoint_id = $2 and o.ledger_id = $1 and o.finished_at is null
    order by o.number limit 1 for update;
    if not found then
        return;
    end if;
    -- Several pages where few events are wanted, and not so many that the call is long.
    for i in 1..10 loop
        select * into page from zerosum.replay_page(r, max);
        r.read_seq := page.read_to;
        exit when cardinality(page.seqs) > 0 or r.read_seq >= r.upto_seq;
    end loop;
    perform zerosum.send_again($1, $2, s.seq) from unnest(page.seqs) s (seq)
    where not exists (
        select from ledger.deliveries d
        where d.endpoint_id = $2 and d.ledger_id = $1 and d.seq = s.seq and d.status = 'pending');
    if r.read_seq >= r.upto_seq then
        ended := clock_timestamp();
    end if;
    update ledger.replays o
    set read_seq = r.read_seq, replayed = o.replayed + cardinality(page.seqs), finished_at = ended
    where o.endpoint_id = $2 and o.ledger_id = $1 and o.number = r.number;
end $$;
