-- Create a sink. A sink of that name gets this url and these types, and keeps its cursor.
-- `start`: now (what is stamped from now on), beginning, or the seq of the first event wanted.
-- `configured`: the sink comes from the settings; if they had paused it by leaving it out, it
-- goes on.
-- Returns the sink as JSON text; no row if the name is that of a sink from the settings, which
-- only they change. The caller checks the url.
-- Locks: the ledger's row in ledger.feeds, so that "from now on" is exact.
-- Codes: ZS302 events from the first wanted on are purged (checks raise 23514, a start that is no
-- number 22P02).
create or replace function zerosum.create_sink(
    ledger bigint, name text, url text, types text[], start text, configured boolean default false
) returns table (body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    last bigint;
    first bigint;
    made ledger.sinks;
begin
    select f.last_seq into last from ledger.feeds f where f.ledger_id = $1 for update;
    if not found then
        return;
    end if;
    first := case when $5 = 'now' or exists (
            select from ledger.sinks o where o.ledger_id = $1 and o.name = $2) then last
        else zerosum.kept_after($1, case $5 when 'beginning' then 0
            else $5::bigint - 1 end) end;
    insert into ledger.sinks as s (ledger_id, id, name, url, types, sent_seq, configured)
    values ($1, nextval('ledger.endpoint_id'), $2, $3, $4, first, $6)
    on conflict on constraint sinks_name do update
    set url = excluded.url, types = excluded.types, configured = excluded.configured,
        paused_at = case when s.paused_by = 'operator' then s.paused_at end,
        paused_by = nullif(s.paused_by, 'settings'),
        error = null, failed_at = null
    where excluded.configured or not s.configured
    returning s.* into made;
    if made.id is not null then
        body := zerosum.sink_json(made, last);
        return next;
    end if;
end $$;
