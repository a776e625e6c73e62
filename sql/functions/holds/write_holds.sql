-- Write the postings of the holds that post() decided to place. ids: the transaction of each
-- request that posts.
-- Locks: none beyond those of its inserts.
-- Codes: none.
create or replace function zerosum.write_holds(
    l bigint, requests ledger.request[], moves ledger.move[], ids bigint[]
) returns void
language plpgsql as $$
begin
    insert into ledger.hold_postings (ledger_id, hold_id, expires_at, due_at, posting, source,
        destination, asset, amount,
        held)
    select g.ledger_id, u.*
    from ledger.ledgers g, (
        select ids[m.request], (requests[m.request].options ->> 'expires_at')::timestamptz,
            (requests[m.request].options ->> 'expires_at')::timestamptz, m.posting,
            m.source, m.destination, m.asset, m.amount, m.amount
        from unnest(moves) m
        where m.from_version is null
    ) u
    where g.ledger_id = l;
end $$;
