-- The secrets that sign what goes to an endpoint: several while a new one takes over from an old
-- one. A text as Standard Webhooks spells it: whsec_ for HMAC, whsk_ for the private key of ed25519,
-- which has a public key beside it.
create table ledger.endpoint_secrets (
    ledger_id bigint not null,
    endpoint_id bigint not null,
    number int not null,
    secret text not null,
    public_key bytea,
    created_at timestamptz not null default clock_timestamp(),
    -- Until then it signs; null: until another takes over.
    expires_at timestamptz,
    primary key (endpoint_id, ledger_id, number),
    foreign key (ledger_id, endpoint_id) references ledger.endpoints,
    constraint endpoint_secrets_length check (length(secret) between 38 and 1024),
    constraint endpoint_secrets_public_key check (octet_length(public_key) = 32)
);
insert into ledger.endpoint_secrets (ledger_id, endpoint_id, number, secret, created_at)
select p.ledger_id, p.id, 1, 'whsec_' || translate(encode(p.secret, 'base64'), E'\n', ''),
    p.created_at
from ledger.endpoints p;
alter table ledger.endpoints drop column secret;

-- Header fields are text, as secrets are.
alter table ledger.endpoints drop constraint endpoints_headers;
alter table ledger.endpoints alter column headers type text using convert_from(headers, 'UTF8');
alter table ledger.endpoints add constraint endpoints_headers check (length(headers) <= 65536);

-- It takes the secret as text.
drop function if exists zerosum.create_endpoint(bigint, text, text[], bytea, jsonb);
-- It returns all secrets that sign now.
drop function if exists zerosum.next_deliveries(bigint, bigint, int, bigint, bigint[], text);
