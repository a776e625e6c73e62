-- Return one row for each trigger of the schema ledger that is missing, unknown, or not as it
-- was created: its definition, whether it is ENABLE ALWAYS, its function's body and settings.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.verify_triggers()
returns table (fault text, subject text, detail text)
language sql stable security definer set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off as $$
with found as (
    select c.relname || '.' || t.tgname as name,
        md5(concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled,
        p.prosrc, p.proconfig, p.prosecdef)) as digest
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
    where c.relnamespace = 'ledger'::regnamespace and not t.tgisinternal
)
select 'trigger', coalesce(x.name, f.name),
    case when f.name is null then 'missing' when x.name is null then 'not one of ours'
        else 'altered or disabled' end
        || coalesce(' (' || f.digest || ')', '')
from zerosum.expected_triggers() x full join found f on f.name = x.name
where f.digest is distinct from x.digest
$$;
