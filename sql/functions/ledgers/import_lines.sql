-- Write lines of one part of an export, as export_lines() returns them, into a ledger that has
-- none yet. Import the parts in their order: triggers check that each transaction sums to zero
-- and that each wallet is where its entries end. Only the owner of the tables may call this; the
-- whole import is one transaction.
-- Locks: none beyond those of its inserts.
-- Codes: those of the constraints and triggers that a wrong export violates.
create or replace function zerosum.import_lines(ledger bigint, part text, lines jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
begin
    if part = 'asset' then
        insert into ledger.assets (ledger_id, code, scale)
        select l, x.code, x.scale from jsonb_to_recordset(lines) x (code text, scale smallint)
        on conflict do nothing;
    elsif part = 'transaction' then
        insert into ledger.transactions (ledger_id, id, effective_at, recorded_at, kind, key,
            fingerprint, reference,
            description, metadata, origin_id, extra)
        select l, x.id, x.effective_at, x.recorded_at, x.kind, x.key, decode(x.fingerprint, 'hex'),
            x.reference,
            x.description, x.metadata, x.origin_id, x.extra
        from jsonb_to_recordset(lines) x (id bigint, effective_at timestamptz,
            recorded_at timestamptz, kind text, key text,
            fingerprint text, reference text, description text, metadata jsonb, origin_id bigint,
            extra text);
        insert into ledger.entries (ledger_id, version, transaction_id, recorded_at, posting,
            wallet_id, asset, amount, balance)
        select l, e.version, x.id, x.recorded_at, e.posting, e.wallet, e.asset, e.amount, e.balance
        from jsonb_to_recordset(lines) x (id bigint, recorded_at timestamptz, entries jsonb)
        cross join lateral jsonb_to_recordset(x.entries) e (
            version bigint, posting smallint, wallet text, asset text, amount numeric,
            balance numeric);
    elsif part = 'hold' then
        insert into ledger.hold_postings (ledger_id, hold_id, expires_at, due_at, settled_at,
            status, posting, source,
            destination, asset, amount, captured, held)
        select l, x.id, x.expires_at, case when x.status = 'pending' then x.expires_at end,
            x.settled_at, x.status,
            p.posting, p.source, p.destination, p.asset, p.amount, p.captured, p.held
        from jsonb_to_recordset(lines) x (id bigint, expires_at timestamptz, settled_at timestamptz,
            status text,
            postings jsonb)
        cross join lateral jsonb_to_recordset(x.postings) p (posting smallint, source text,
            destination text, asset text,
            amount numeric, captured numeric, held numeric);
    elsif part = 'reversed' then
        insert into ledger.reversed_postings (ledger_id, transaction_id, posting, amount, reversed)
        select l, x.transaction_id, p.posting, p.amount, p.reversed
        from jsonb_to_recordset(lines) x (transaction_id bigint, postings jsonb)
        cross join lateral jsonb_to_recordset(x.postings) p (posting smallint, amount numeric,
            reversed numeric);
    elsif part = 'wallet' then
        insert into ledger.wallets (ledger_id, id, asset, status, credits_while_frozen, min_balance,
            max_balance,
            floor_debt, next_expiry, metadata, created_at)
        select l, x.id, x.asset, x.status, x.credits_while_frozen, x.min_balance, x.max_balance,
            x.floor_debt,
            x.next_expiry, x.metadata, x.created_at
        from jsonb_to_recordset(lines) x (id text, asset text, status text,
            credits_while_frozen boolean,
            min_balance numeric, max_balance numeric, floor_debt numeric, next_expiry timestamptz,
            metadata jsonb,
            created_at timestamptz);
        update ledger.wallets w
        set posted = x.posted, held = x.held, version = x.version,
            recorded_at = coalesce(x.recorded_at, '-infinity')
        from jsonb_to_recordset(lines) x (id text, posted numeric, held numeric, version bigint,
            recorded_at timestamptz)
        where w.ledger_id = l and w.id = x.id;
    elsif part = 'purged' then
        insert into ledger.tiles (ledger_id, level, number, root, hashes)
        select l, 0, x.number, zerosum.hashes_root(array(
            select substr(h.hashes, i * 32 + 1, 32) from generate_series(0, 255) i)), h.hashes
        from jsonb_to_recordset(lines) x (number bigint, hashes text)
        cross join lateral (select decode(x.hashes, 'hex') as hashes) h;
        insert into ledger.purged_bundles (ledger_id, number, transaction_ids, ids, types)
        select l, x.number, x.transaction_ids, x.ids, x.types
        from jsonb_to_recordset(lines) x (number bigint, transaction_ids bigint[], ids uuid[],
            types text[]);
    elsif part = 'event' then
        insert into ledger.events (ledger_id, seq, transaction_id, recorded_at, id, type, leaf,
            body)
        select l, x.seq, x.transaction_id, x.recorded_at, x.id, x.type,
            sha256(E'\\x00' || convert_to(x.body, 'UTF8')), x.body
        from jsonb_to_recordset(lines) x (seq bigint, transaction_id bigint,
            recorded_at timestamptz, id uuid, type text,
            body text);
    elsif part = 'outbox' then
        insert into ledger.outbox (ledger_id, ord, id, aggregatetype, aggregateid, type, payload,
            transaction_id, recorded_at)
        select l, nextval('ledger.outbox_ord'), x.id, x.aggregatetype, x.aggregateid, x.type,
            x.payload, x.transaction_id,
            x.recorded_at
        from jsonb_to_recordset(lines) x (ord bigint, id uuid, aggregatetype text, aggregateid text,
            type text,
            payload text, transaction_id bigint, recorded_at timestamptz)
        order by x.ord;
    elsif part = 'restoration' then
        insert into ledger.restorations (ledger_id, number, kept_seq, restored_seq, restored_at)
        select l, x.number, x.kept_seq, x.restored_seq, x.restored_at
        from jsonb_to_recordset(lines) x (number int, kept_seq bigint, restored_seq bigint,
            restored_at timestamptz);
    else
        raise exception 'there is no part %', part using errcode = '22023';
    end if;
end $$;
