-- Events that are no longer new, 256 a row: those of a full tile of the log, compressed together to a sixth of what they take
-- one by one. An event's row goes only when its bundle has all of it.
create table ledger.event_bundles (
    ledger_id bigint not null,
    number bigint not null,
    transaction_ids bigint[] not null,
    recorded_ats timestamptz[] not null,
    ids uuid[] not null,
    types text[] not null,
    bodies text[] not null,
    primary key (ledger_id, number),
    constraint event_bundles_whole check (
        cardinality(transaction_ids) = 256 and cardinality(recorded_ats) = 256 and cardinality(ids) = 256
        and cardinality(types) = 256 and cardinality(bodies) = 256
    )
);

create function ledger.events_bundled() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
begin
    if exists (
        select from (
            select o.ledger_id, (o.seq - 1) / 256 as number, array_agg(o.transaction_id order by o.seq) as transaction_ids,
                array_agg(o.recorded_at order by o.seq) as recorded_ats, array_agg(o.id order by o.seq) as ids,
                array_agg(o.type order by o.seq) as types, array_agg(o.body order by o.seq) as bodies
            from old_events o group by o.ledger_id, (o.seq - 1) / 256
        ) o
        left join lateral (
            select * from ledger.event_bundles b where b.ledger_id = o.ledger_id and b.number = o.number limit 1
        ) b on true
        where (b.transaction_ids, b.recorded_ats, b.ids, b.types, b.bodies)
            is distinct from (o.transaction_ids, o.recorded_ats, o.ids, o.types, o.bodies)
    ) then
        raise exception 'delete of events that are in no bundle is refused' using errcode = 'ZS902';
    end if;
    return null;
end $$;

drop trigger events_append on ledger.events;
create trigger events_append before update or truncate on ledger.events
    for each statement execute function ledger.refuse();
create trigger events_bundled after delete on ledger.events
    referencing old table as old_events for each statement execute function ledger.events_bundled();
create trigger event_bundles_append before update or delete or truncate on ledger.event_bundles
    for each statement execute function ledger.refuse();
alter table ledger.events enable always trigger events_append;
alter table ledger.events enable always trigger events_bundled;
alter table ledger.event_bundles enable always trigger event_bundles_append;
