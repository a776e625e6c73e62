-- How an endpoint is sent to: with which header fields, amounts, time limit and pace.
alter table ledger.endpoints
    -- A JSON object of names in lower case and values, which may be secret: no answer shows them.
    add column headers bytea
        constraint endpoints_headers check (octet_length(headers) <= 16384),
    add column header_names text[] not null default '{}',
    add column amounts text not null default 'integer'
        constraint endpoints_amounts check (amounts in ('integer', 'string')),
    add column timeout_s int not null default 15
        constraint endpoints_timeout check (timeout_s between 1 and 60),
    add column concurrency int not null default 4
        constraint endpoints_concurrency check (concurrency between 1 and 64),
    -- Such as 10/second; null: none.
    add column rate_limit text
        constraint endpoints_rate_limit check (
            rate_limit ~ '^[1-9][0-9]{0,8}/(second|minute|hour|day)$');

-- It returns the new columns too.
drop function if exists zerosum.next_deliveries(bigint, bigint, int, bigint, bigint[], text);
