-- The Merkle log of each ledger's events, in C2SP tlog-tiles' tiles of 256 hashes. Level 0 holds the events' leaves, in
-- order; a hash of a level above is the root of a whole tile of the one below, kept with that. Only full tiles are
-- here, and stay: what is not in one is a tail of fewer than 256 leaves, in ledger.events, and fewer than 256 roots.
create table ledger.tiles (
    ledger_id bigint not null,
    level smallint not null,
    number bigint not null,
    root bytea not null,
    hashes bytea not null,
    primary key (ledger_id, level, number),
    constraint tiles_root_length check (octet_length(root) = 32),
    constraint tiles_hashes_length check (octet_length(hashes) = 8192)
);
-- Hashes don't compress, and a slice of what is kept as it is can be read alone.
alter table ledger.tiles alter column hashes set storage external;

create trigger tiles_append before update or delete or truncate on ledger.tiles
    for each statement execute function ledger.refuse();
alter table ledger.tiles enable always trigger tiles_append;

-- The last checkpoint that went into the feed as an event: of which size, and when.
alter table ledger.feeds
    add column checkpoint_size bigint not null default 0,
    add column checkpoint_at timestamptz not null default '-infinity';
