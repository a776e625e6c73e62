-- Return the faults of a ledger's events with seqs above `since`, up to the last, slice by
-- slice, with a NOTICE of the progress about once a second.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.verify_feed(ledger bigint, since bigint)
returns table (fault text, subject text, detail text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set client_min_messages = notice
    as $$
#variable_conflict use_column
declare
    slice constant int := 5000;
    last constant bigint := zerosum.last_event(ledger);
    told timestamptz := '-infinity';
    at bigint := since;
begin
    while at < last loop
        return query select * from zerosum.verify_events(ledger, at, at + slice);
        at := at + slice;
        exit when at >= last;
        if clock_timestamp() > told + interval '1 second' then
            told := clock_timestamp();
            raise notice 'events: % of % looked at', at, last;
        end if;
    end loop;
end $$;
