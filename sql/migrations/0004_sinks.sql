-- Sinks: where a ledger's whole feed goes besides webhooks (Kafka, SQS, Redis Streams), each with a cursor of its own.
-- Ids come from the endpoints' sequence, so that one number names either where the relay is told whom to wake.
create table ledger.sinks (
    ledger_id bigint not null references ledger.ledgers,
    id bigint not null default nextval('ledger.endpoint_id'),
    -- What a person calls it; the URL may hold secrets.
    name text not null,
    url text not null,
    types text[] not null,
    -- Every event up to sent_seq has arrived there, or is not of its types.
    sent_seq bigint not null,
    -- From the settings: those that are not named there any more are paused.
    configured boolean not null,
    created_at timestamptz not null default clock_timestamp(),
    paused_at timestamptz,
    -- Why the last try failed; null when it did not.
    error text,
    failed_at timestamptz,
    primary key (ledger_id, id),
    constraint sinks_name unique (name, ledger_id),
    constraint sinks_name_length check (length(name) between 1 and 512),
    constraint sinks_url_length check (length(url) between 1 and 2048),
    constraint sinks_types_count check (cardinality(types) between 1 and 32),
    constraint sinks_sent_seq_range check (sent_seq >= 0)
);
