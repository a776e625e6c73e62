-- Endpoints can be changed, and say what they are for.
alter table ledger.endpoints
    add column description text
        constraint endpoints_description check (octet_length(description) <= 1024),
    add column metadata jsonb not null default '{}'
        constraint endpoints_metadata check (
            jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384);

-- It takes a description and metadata too.
drop function if exists zerosum.create_endpoint(bigint, text, text[], bytea);
