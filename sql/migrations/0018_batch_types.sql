-- What post() and the functions below it hand each other: a row type for what a batch has many of, a type of arrays
-- (one element a wallet or part) for what deciding changes. An array of one row type is read four times as fast as an
-- array for each column, and a call by such types has a handful of arguments where it had forty.

-- What one request of a batch asks for.
create type ledger.request as (
    number int,  -- In the batch, from 1.
    kind text,
    key text,
    reference text,
    description text,
    metadata jsonb,
    effective_at timestamptz,
    conditions jsonb,  -- As conditions_valid() has them; null: none.
    options jsonb,  -- As options_fault() has them; null: none.
    unit int  -- The atomic batch that it belongs to; null: none.
);

-- One posting of a request, as it was asked for.
create type ledger.posting as (
    number int,  -- Among all of the batch, from 1.
    request int,  -- The number of its request.
    source text,
    destination text,  -- Null: the posting only locks its source.
    amount numeric,  -- Null: what is left of the part.
    origin bigint,  -- The hold or transaction that it captures, voids or reverses; null: none.
    origin_posting smallint  -- And the number of the posting there.
);

-- One posting of a transaction that posts, as it was decided.
create type ledger.move as (
    request int,  -- The number of its request.
    posting smallint,  -- Its number in the transaction, from 1.
    source text,
    destination text,
    asset text,
    amount numeric,
    from_balance numeric,  -- What it leaves its source with; null: a hold's, which makes no entries.
    from_version bigint,
    to_balance numeric,
    to_version bigint
);

-- A transaction that has the idempotency key of one of a batch's requests.
create type ledger.known_key as (
    request int,  -- The number of the request.
    transaction_id bigint,
    fingerprint bytea
);

-- The wallets that a batch has locked: an element each, in the order of their ids. A wallet's place among them is its slot.
create type ledger.locked_wallets as (
    slots jsonb,  -- By id, the slot.
    ids text[],
    places tid[],  -- Where the rows are.
    assets text[],
    statuses text[],  -- frozen_out: frozen, but may receive.
    balances numeric[],
    versions bigint[],
    held numeric[],
    floors numeric[],  -- The least that the balance may be: min_balance + held - floor_debt.
    ceilings numeric[],  -- The most.
    debts numeric[]  -- floor_debt: how far a forced reversal left it below min_balance.
);

-- The parts that a batch's captures, voids and reversals are about: a hold's or a transaction's postings. An element for
-- each of the batch's postings; what several postings are about is at the first of them, its slot.
create type ledger.parts as (
    slots int[],  -- For each posting, where its part is; null: it is about none.
    origins bigint[],  -- The hold or transaction.
    postings smallint[],  -- The number of the posting there.
    statuses text[],  -- A hold's; null: a transaction's part.
    amounts numeric[],
    captured numeric[],  -- Or reversed.
    remaining numeric[],  -- What a hold still holds, or what is not reversed yet.
    places tid[]  -- Where a hold's row is.
);

-- What a wallet is after a batch that changed it.
create type ledger.changed_wallet as (
    place tid,
    balance numeric,
    version bigint,
    held numeric,
    debt numeric,
    expiry timestamptz,  -- When the first of the holds that were placed on it expires; null: none does.
    moved boolean  -- By entries, and not by holds alone.
);

-- What a hold's posting is after a batch that captured, voided or settled it.
create type ledger.changed_part as (
    place tid,
    captured numeric,
    remaining numeric,
    status text
);

-- An event of a batch, for the outbox.
create type ledger.event_draft as (
    transaction_id bigint,
    ord bigint,
    id uuid,
    type text,
    payload text
);

-- It returned a table, and returns a row now.
drop function if exists zerosum.run;

-- Before and after are paired by a full join, which no plan does by looking at each pair: a session whose first batch had two
-- wallets kept a plan whose work grew with the square of a batch's wallets.
create or replace function ledger.wallets_account() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_indexscan = on set enable_bitmapscan = off
set enable_sort = off set jit = off as $$
begin
    if exists (
        select from new_wallets n
        full join old_wallets o on o.ledger_id = n.ledger_id and o.id = n.id
        cross join lateral (
            select count(*) as count, coalesce(sum(e.amount), 0) as total,
                coalesce(max(e.recorded_at), o.recorded_at) as recorded_at,
                coalesce(max(e.balance) filter (where e.version = n.version), o.posted) as balance,
                bool_and(e.asset = n.asset) as pure
            from (
                select * from ledger.entries e
                where e.wallet_id = n.id and e.ledger_id = n.ledger_id and e.version > o.version
                    and e.version <= n.version
                order by e.version offset 0
            ) e
        ) e
        where (e.count, e.total, e.balance, e.recorded_at)
            is distinct from (n.version - o.version, n.posted - o.posted, n.posted, n.recorded_at) or not e.pure
    ) then
        raise exception 'a wallet changes only with the entries that account for it' using errcode = 'ZS903';
    end if;
    return null;
end $$;
