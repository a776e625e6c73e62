-- What a text or a number stood for becomes a column of its own.

-- Who has paused a sink. `settings`: ZEROSUM_SINKS no longer names it; naming it again resumes it.
alter table ledger.sinks add column paused_by text
    constraint sinks_paused_by check (paused_by in ('operator', 'settings'));
update ledger.sinks set
    paused_by = case when configured and error = 'not in ZEROSUM_SINKS' then 'settings' else 'operator' end,
    error = case when error <> 'not in ZEROSUM_SINKS' then error end
where paused_at is not null;
alter table ledger.sinks add constraint sinks_paused check ((paused_at is null) = (paused_by is null));

-- It returns another column: whether holds have expired, where the reader 0 stood for that.
drop function if exists zerosum.take_leases(text, float8, text);
