-- The tables, keys, checks and indexes of the ledger; the triggers are in the next file.
--
-- Every key contains ledger_id. No index of transactions or entries begins with it, and at most one of any other
-- table does: with ledger_id first and statistics taken while the tables were empty, the planner probes the wrong
-- index. Ids come from sequence defaults, so that the same schema can be distributed. The hot tables have no
-- foreign keys (26 % of the speed); zerosum.verify checks the same.

create sequence ledger.ledger_id;
create sequence ledger.transaction_id;
create sequence ledger.outbox_ord;
create sequence ledger.endpoint_id;
create sequence ledger.api_key_id;
-- Until when (Unix milliseconds) the relay is awake and needs no notification. A sequence, because its last_value is
-- outside of transactions: every writer sees at once what the relay sets.
create sequence ledger.awake minvalue 0 start 0;

-- A table's CHECK is parsed and run by each UPDATE, a domain's only when a value comes in.
create domain ledger.wallet_id as text collate "C"
    constraint wallet_id_form check (length(value) between 1 and 128 and value !~ '[^A-Za-z0-9_.:@-]');
create domain ledger.wallet_status as text
    constraint wallet_status_known check (value in ('open', 'frozen', 'closed'));

create table ledger.ledgers (
    ledger_id bigint primary key default nextval('ledger.ledger_id'),
    name text collate "C" not null,
    created_at timestamptz not null default clock_timestamp(),
    constraint ledgers_name_form check (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$')
);

create table ledger.assets (
    ledger_id bigint not null references ledger.ledgers,
    code text collate "C" not null,
    scale smallint not null,
    primary key (ledger_id, code),
    constraint assets_code_form check (code ~ '^[A-Za-z0-9_.-]{1,32}$'),
    constraint assets_scale_range check (scale between 0 and 38)
);

-- Only the sha256 of a key is kept: whoever reads the table can't use it.
create table ledger.api_keys (
    key_hash bytea primary key,
    ledger_id bigint not null references ledger.ledgers,
    id bigint not null default nextval('ledger.api_key_id'),
    scope text not null default 'admin',
    hint text not null,
    created_at timestamptz not null default clock_timestamp(),
    revoked_at timestamptz,
    constraint api_keys_hash_length check (octet_length(key_hash) = 32),
    constraint api_keys_scope_known check (scope in ('read', 'write', 'admin'))
);

create table ledger.wallets (
    ledger_id bigint not null,
    version bigint not null default 0,
    recorded_at timestamptz not null default '-infinity',
    created_at timestamptz not null default clock_timestamp(),
    id ledger.wallet_id not null,
    asset text collate "C" not null,
    status ledger.wallet_status not null default 'open',
    posted numeric not null default 0,
    held numeric not null default 0,
    min_balance numeric default 0,
    max_balance numeric,
    metadata jsonb not null default '{}',
    primary key (ledger_id, id),
    constraint wallets_whole check (scale(posted) = 0 and scale(held) = 0 and held >= 0 and version >= 0),
    constraint wallets_min check (posted - held >= min_balance),
    constraint wallets_max check (posted <= max_balance),
    constraint wallets_range check (
        abs(posted) < 1e38 or (starts_with(id, '@world:') and abs(posted) < 'Infinity')
    ),
    constraint wallets_world check (
        not starts_with(id, '@world')
        or (id = '@world:' || asset and status = 'open' and held = 0
            and min_balance is null and max_balance is null)
    )
) with (fillfactor = 60);

create table ledger.transactions (
    ledger_id bigint not null,
    id bigint not null default nextval('ledger.transaction_id'),
    effective_at timestamptz not null,
    recorded_at timestamptz not null,
    kind text not null,
    key text collate "C" not null,
    fingerprint bytea not null,
    reference text,
    description text,
    metadata jsonb not null default '{}',
    primary key (id, ledger_id),
    constraint transactions_key unique (key, ledger_id),
    constraint transactions_kind_known check (kind in ('transfer', 'credit', 'debit', 'transaction'))
);

-- For lists of one ledger's transactions. An expression, so that only a list, which spells it, can use the index: one
-- on ledger_id itself would tempt the planner away from the keys.
create index transactions_newest on ledger.transactions ((ledger_id + 0), id);

create table ledger.entries (
    ledger_id bigint not null,
    version bigint not null,
    transaction_id bigint not null,
    recorded_at timestamptz not null,
    posting smallint not null,
    wallet_id text collate "C" not null,
    asset text collate "C" not null,
    amount numeric not null,
    balance numeric not null,
    primary key (wallet_id, ledger_id, version),
    constraint entries_amount check (scale(amount) = 0 and amount <> 0 and abs(amount) < 1e38),
    constraint entries_balance check (scale(balance) = 0 and abs(balance) < 'Infinity' and version > 0)
);

-- Two entries a posting, and nothing can be added to a posting later.
create unique index entries_side on ledger.entries (transaction_id, ledger_id, posting, (amount > 0));

-- Rows are only inserted and deleted. The names are those of the outbox event router's convention.
create table ledger.outbox (
    ledger_id bigint not null,
    ord bigint not null default nextval('ledger.outbox_ord'),
    id uuid not null default gen_random_uuid(),
    aggregatetype text not null,
    aggregateid text not null,
    type text not null,
    payload text not null,
    transaction_id bigint,
    recorded_at timestamptz not null,
    primary key (ledger_id, ord)
);

create table ledger.events (
    ledger_id bigint not null,
    seq bigint not null,
    transaction_id bigint,
    recorded_at timestamptz not null,
    id uuid not null,
    type text not null,
    leaf bytea not null,
    body text not null,
    primary key (ledger_id, seq),
    constraint events_id unique (id, ledger_id),
    constraint events_leaf_length check (octet_length(leaf) = 32),
    constraint events_size check (octet_length(body) < 65536)
);

-- How far each ledger's feed has been stamped, and who may stamp it: the relay's lease, by database time.
create table ledger.feeds (
    ledger_id bigint primary key references ledger.ledgers,
    last_seq bigint not null default 0,
    epoch bigint not null default 0,
    until timestamptz not null default '-infinity',
    holder text
);

create table ledger.endpoints (
    ledger_id bigint not null references ledger.ledgers,
    id bigint not null default nextval('ledger.endpoint_id'),
    url text not null,
    types text[] not null,
    secret bytea not null,
    created_at timestamptz not null default clock_timestamp(),
    disabled_at timestamptz,
    disabled_reason text,
    deleted_at timestamptz,
    primary key (ledger_id, id),
    constraint endpoints_url_length check (length(url) between 1 and 2048),
    constraint endpoints_types_count check (cardinality(types) between 1 and 32),
    constraint endpoints_secret_length check (octet_length(secret) between 24 and 64)
);

-- One event on its way to one endpoint: pending until delivered, or dead when given up. due_at is when to try next.
create table ledger.deliveries (
    ledger_id bigint not null,
    endpoint_id bigint not null,
    seq bigint not null,
    status text not null default 'pending',
    due_at timestamptz not null,
    attempts int not null default 0,
    last_status int,
    last_error text,
    settled_at timestamptz,
    primary key (endpoint_id, ledger_id, seq),
    constraint deliveries_status_known check (status in ('pending', 'delivered', 'dead')),
    constraint deliveries_settled check ((status = 'pending') = (settled_at is null)),
    constraint deliveries_attempts_range check (attempts >= 0)
) with (fillfactor = 70);

-- Every try of a delivery, for a person to look at.
create table ledger.attempts (
    ledger_id bigint not null,
    endpoint_id bigint not null,
    seq bigint not null,
    number int not null,
    at timestamptz not null default clock_timestamp(),
    duration_ms int not null,
    status int,
    error text,
    primary key (endpoint_id, ledger_id, seq, number)
);

create index deliveries_due on ledger.deliveries (endpoint_id, ledger_id, due_at) where status = 'pending';
