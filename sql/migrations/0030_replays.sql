-- Replays: events of a range that are sent to an endpoint again, or for the first time, a page at a
-- time as the endpoint takes them.
create table ledger.replays (
    ledger_id bigint not null,
    endpoint_id bigint not null,
    number int not null,
    -- Of which endpoint's deliveries; by default those of the endpoint that gets the events.
    source_id bigint not null,
    after_seq bigint not null,
    upto_seq bigint not null,
    types text[] not null,
    -- Only events whose delivery has this status; null: any, those never sent too.
    status text,
    -- How far it is, and how many events it has given to the endpoint so far.
    read_seq bigint not null,
    replayed bigint not null default 0,
    created_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    cancelled boolean not null default false,
    primary key (endpoint_id, ledger_id, number),
    foreign key (ledger_id, endpoint_id) references ledger.endpoints,
    constraint replays_types check (cardinality(types) between 1 and 32),
    constraint replays_status check (status in ('delivered', 'dead', 'dismissed')),
    constraint replays_range check (after_seq >= 0 and read_seq between after_seq and upto_seq)
);
create index replays_active on ledger.replays (endpoint_id, ledger_id) where finished_at is null;

-- A dead delivery that nobody needs any more.
alter table ledger.deliveries drop constraint deliveries_status_known;
alter table ledger.deliveries add constraint deliveries_status_known
    check (status in ('pending', 'delivered', 'dead', 'dismissed'));
create index deliveries_dead on ledger.deliveries (endpoint_id, ledger_id, seq)
    where status = 'dead';
