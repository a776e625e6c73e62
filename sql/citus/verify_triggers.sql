-- zerosum.verify_triggers() on Citus: of the tables and of every shard that this node has. A
-- shard's relation and triggers are named after its table's, with the shard's number.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.verify_triggers()
returns table (fault text, subject text, detail text)
language sql stable security definer set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off as $$
with expected as (
    select e.name, coalesce(c.digest, e.digest) as digest
    from zerosum.expected_triggers() e
    -- Their functions are those of triggers.sql.
    left join (values
        ('event_bundles.event_bundles_purged', '50ac4a3bb44a1ee12af67cd6f6e8fd20'),
        ('events.events_bundled', '281619f602a77c6e2d7885066a86e7fa'),
        ('wallets.wallets_account', '3b8b1b8b54759eab030f3bb0654ae1d0'),
        ('wallets.wallets_world', '47ee59241430ba41091fa522a49d11a2')
    ) c (name, digest) on c.name = e.name
), relations as (
    select c.oid, c.relname, s.shardid is not null as is_shard,
        regexp_replace(c.relname, '_' || s.shardid || '$', '') as base,
        coalesce('_' || s.shardid, '') as suffix
    from pg_class c
    left join pg_dist_shard s on c.relname ~ ('_' || s.shardid || '$')
    where c.relnamespace = 'ledger'::regnamespace and c.relkind = 'r'
), found as (
    select r.oid, r.relname, coalesce(r.base, r.relname) || '.' ||
            replace(t.tgname, r.suffix, '') as name,
        md5(concat_ws(' ', replace(pg_get_triggerdef(t.oid), r.suffix, ''), t.tgenabled,
        p.prosrc, p.proconfig, p.prosecdef)) as digest
    from relations r join pg_trigger t on t.tgrelid = r.oid join pg_proc p on p.oid = t.tgfoid
    where not t.tgisinternal
), wanted as (
    select r.oid, r.relname, e.name, e.digest
    from expected e join relations r
        on coalesce(r.base, r.relname) = split_part(e.name, '.', 1)
)
select 'trigger', coalesce(x.relname, f.relname) || ' ' || coalesce(x.name, f.name),
    case when f.name is null then 'missing' when x.name is null then 'not one of ours'
        else 'altered or disabled' end
        || coalesce(' (' || f.digest || ')', '')
from wanted x full join found f on f.oid = x.oid and f.name = x.name
where f.digest is distinct from x.digest
$$;
