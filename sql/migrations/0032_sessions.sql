-- Sessions of the console: who has signed in with which API key. Only a token's SHA-256 is kept.
create table ledger.sessions (
    token_hash bytea primary key,
    key_hash bytea not null references ledger.api_keys,
    -- A link that signs in once: it is exchanged for a session, and is none itself.
    once boolean not null,
    expires_at timestamptz not null,
    constraint sessions_hash_length check (octet_length(token_hash) = 32)
);
create index sessions_expired on ledger.sessions (expires_at);
