-- What is left of purged events, 256 a row as in their bundle: which transaction each tells, its id
-- and its type. With the transaction and the tile of the log, an event can be checked without its
-- body. A bundle goes only when this is kept of it, and when the log's tile has its very leaves.
create table ledger.purged_bundles (
    ledger_id bigint not null,
    number bigint not null,
    transaction_ids bigint[] not null,
    ids uuid[] not null,
    types text[] not null,
    primary key (ledger_id, number),
    constraint purged_bundles_whole check (
        cardinality(transaction_ids) = 256 and cardinality(ids) = 256 and cardinality(types) = 256
    )
);

create function ledger.bundles_purged() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
begin
    if exists (
        select from old_bundles o
        left join lateral (
            select * from ledger.purged_bundles p
            where p.ledger_id = o.ledger_id and p.number = o.number limit 1
        ) p on true
        left join lateral (
            select t.hashes from ledger.tiles t
            where t.ledger_id = o.ledger_id and t.level = 0 and t.number = o.number limit 1
        ) t on true
        where (p.transaction_ids, p.ids, p.types)
                is distinct from (o.transaction_ids, o.ids, o.types)
            or t.hashes is distinct from (
                select string_agg(sha256(E'\\x00' || convert_to(u.body, 'UTF8')), '' order by u.i)
                from unnest(o.bodies) with ordinality u (body, i))
    ) then
        raise exception 'delete of events that the log does not prove is refused'
            using errcode = 'ZS902';
    end if;
    return null;
end $$;

drop trigger event_bundles_append on ledger.event_bundles;
create trigger event_bundles_append before update or truncate on ledger.event_bundles
    for each statement execute function ledger.refuse();
create trigger event_bundles_purged after delete on ledger.event_bundles
    referencing old table as old_bundles for each statement
    execute function ledger.bundles_purged();
create trigger purged_bundles_append before update or delete or truncate on ledger.purged_bundles
    for each statement execute function ledger.refuse();
alter table ledger.event_bundles enable always trigger event_bundles_append;
alter table ledger.event_bundles enable always trigger event_bundles_purged;
alter table ledger.purged_bundles enable always trigger purged_bundles_append;
