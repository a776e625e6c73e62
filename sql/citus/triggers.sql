-- The trigger functions that read tables beside their transition tables, as Citus can run them: it
-- joins no transition table with a shard, so the rows come in arrays, a ledger at a time. What is
-- refused is the same.

create or replace function ledger.bundles_purged() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
declare
    one record;
begin
    for one in select o.* from old_bundles o loop
        if not exists (
            select from ledger.purged_bundles p
            where p.ledger_id = one.ledger_id and p.number = one.number
                and p.transaction_ids is not distinct from one.transaction_ids
                and p.ids = one.ids and p.types = one.types)
            or (select t.hashes from ledger.tiles t
                where t.ledger_id = one.ledger_id and t.level = 0 and t.number = one.number)
            is distinct from (
                select string_agg(sha256(E'\\x00' || convert_to(u.body, 'UTF8')), '' order by u.i)
                from unnest(one.bodies) with ordinality u (body, i))
        then
            raise exception 'delete of events that the log does not prove is refused'
                using errcode = 'ZS902';
        end if;
    end loop;
    return null;
end $$;

create or replace function ledger.events_bundled() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
declare
    one record;
begin
    for one in
        select o.ledger_id, (o.seq - 1) / 256 as number,
            array_agg(o.transaction_id order by o.seq) as transaction_ids,
            array_agg(o.recorded_at order by o.seq) as recorded_ats,
            array_agg(o.id order by o.seq) as ids, array_agg(o.type order by o.seq) as types,
            array_agg(o.body order by o.seq) as bodies
        from old_events o group by o.ledger_id, (o.seq - 1) / 256
    loop
        if not exists (
            select from ledger.event_bundles b
            where b.ledger_id = one.ledger_id and b.number = one.number
                and b.transaction_ids is not distinct from one.transaction_ids
                and b.recorded_ats = one.recorded_ats and b.ids = one.ids
                and b.types = one.types and b.bodies = one.bodies)
        then
            raise exception 'delete of events that are in no bundle is refused'
                using errcode = 'ZS902';
        end if;
    end loop;
    return null;
end $$;

create or replace function ledger.wallets_account() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_indexscan = on
    set enable_bitmapscan = off set enable_sort = off set jit = off as $$
declare
    one record;
begin
    for one in
        select coalesce(n.ledger_id, o.ledger_id) as ledger_id, array_agg(n.id::text) as ids,
            array_agg(n.asset) as assets, array_agg(o.version) as old_versions,
            array_agg(n.version) as versions, array_agg(o.posted) as old_posted,
            array_agg(n.posted) as posted, array_agg(o.recorded_at) as old_recorded,
            array_agg(n.recorded_at) as recorded
        from new_wallets n
        full join old_wallets o on o.ledger_id = n.ledger_id and o.id = n.id
        group by 1
    loop
        if exists (
            select from unnest(one.ids, one.assets, one.old_versions, one.versions,
                    one.old_posted, one.posted, one.old_recorded, one.recorded)
                n (id, asset, old_version, version, old_posted, posted, old_recorded, recorded)
            cross join lateral (
                select count(*) as count, coalesce(sum(e.amount), 0) as total,
                    coalesce(max(e.recorded_at), n.old_recorded) as recorded_at,
                    coalesce(max(e.balance) filter (where e.version = n.version), n.old_posted)
                        as balance,
                    bool_and(e.asset = n.asset) as pure
                from ledger.entries e
                where e.wallet_id = n.id and e.ledger_id = one.ledger_id
                    and e.version > n.old_version and e.version <= n.version
            ) e
            where (e.count, e.total, e.balance, e.recorded_at) is distinct from
                (n.version - n.old_version, n.posted - n.old_posted, n.posted, n.recorded)
                or not e.pure
        ) then
            raise exception 'a wallet changes only with the entries that account for it'
                using errcode = 'ZS903';
        end if;
    end loop;
    return null;
end $$;

create or replace function ledger.wallets_world() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    missing record;
begin
    for missing in
        select distinct n.ledger_id, n.asset from new_wallets n
        where not starts_with(n.id, '@world:')
        order by 1, 2
    loop
        continue when exists (
            select from ledger.wallets w
            where w.ledger_id = missing.ledger_id and w.id = '@world:' || missing.asset);
        insert into ledger.wallets (ledger_id, id, asset, min_balance)
        values (missing.ledger_id, '@world:' || missing.asset, missing.asset, null)
        on conflict (ledger_id, id) do nothing;
    end loop;
    return null;
end $$;
