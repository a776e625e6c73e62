-- What this database's names and signatures in caches beside it are made of: 32 random bytes, drawn once.

create table ledger.identity (
    id smallint primary key default 1 check (id = 1),
    secret bytea not null
        default decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')
);
insert into ledger.identity default values;
