-- Return a part of a ledger's export, one JSON line a row, in order, at most `max` lines after
-- the one whose `place` is `after` (empty: from the first). Parts: asset, transaction (with its
-- entries), hold, reversed, wallet, purged (256 events a line, with their leaves), event, outbox,
-- restoration. Amounts are integers, times RFC 3339, bytes hexadecimal. The caller keeps one
-- snapshot for all parts. Only the owner of the tables may call this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.export_lines(ledger bigint, part text, after text, max int)
returns table (place text, line text)
language plpgsql stable
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
    set jit = off as $$
#variable_conflict use_column
declare
    l constant bigint := ledger;
    past constant bigint := case when after ~ '^[0-9]+$' then after::bigint else 0 end;
    low bigint;
begin
    if part = 'asset' then
        return query
            select a.code, jsonb_build_object('part', part, 'code', a.code, 'scale', a.scale)::text
            from ledger.assets a where a.ledger_id = l and a.code > after order by a.code limit max;
    elsif part = 'transaction' then
        return query
            select t.id::text, (jsonb_build_object('part', part) || to_jsonb(t) - 'ledger_id'
                || jsonb_build_object('fingerprint', encode(t.fingerprint, 'hex'), 'entries',
                    e.entries))::text
            from (
                -- (The sum spells the index that only lists use.)
                select * from ledger.transactions t
                where (t.ledger_id + 0, t.id) > (l, past)
                    and (t.ledger_id + 0, t.id) <= (l, 9223372036854775807)
                    order by t.ledger_id + 0, t.id limit max
            ) t
            cross join lateral (
                select coalesce(jsonb_agg(jsonb_build_object('posting', e.posting, 'wallet',
                    e.wallet_id,
                    'version', e.version, 'asset', e.asset, 'amount', e.amount, 'balance',
                    e.balance)
                    order by e.posting, e.amount), '[]') as entries
                from ledger.entries e where e.transaction_id = t.id and e.ledger_id = l
            ) e
            order by t.id;
    elsif part = 'hold' then
        return query
            select h.hold_id::text, jsonb_build_object('part', part, 'id', h.hold_id, 'expires_at',
                h.expires_at,
                'settled_at', h.settled_at, 'status', h.status, 'postings', p.postings)::text
            from (
                select * from ledger.hold_postings h
                where h.ledger_id = l and h.posting = 1 and h.hold_id > past
                    order by h.hold_id limit max
            ) h
            cross join lateral (
                select jsonb_agg(to_jsonb(p) - array['ledger_id', 'hold_id', 'expires_at', 'due_at',
                    'settled_at', 'status']
                    order by p.posting) as postings
                from ledger.hold_postings p where p.hold_id = h.hold_id and p.ledger_id = l
            ) p
            order by h.hold_id;
    elsif part = 'reversed' then
        return query
            select r.transaction_id::text,
                jsonb_build_object('part', part, 'transaction_id', r.transaction_id, 'postings',
                jsonb_agg(to_jsonb(r) - array['ledger_id', 'transaction_id']
                    order by r.posting))::text
            from ledger.reversed_postings r where r.ledger_id = l and r.transaction_id > past
            group by r.transaction_id order by r.transaction_id limit max;
    elsif part = 'wallet' then
        return query
            select w.id::text, (jsonb_build_object('part', part) || to_jsonb(w) - 'ledger_id'
                || jsonb_build_object('recorded_at', nullif(w.recorded_at, '-infinity')))::text
            from ledger.wallets w where w.ledger_id = l and w.id > after order by w.id limit max;
    elsif part = 'purged' then
        -- The place is the tile's number and 1, since a place is never 0.
        return query
            select (p.number + 1)::text, (jsonb_build_object('part', part) || to_jsonb(p)
                - 'ledger_id' || jsonb_build_object('hashes', encode(t.hashes, 'hex')))::text
            from ledger.purged_bundles p
            join ledger.tiles t on t.ledger_id = l and t.level = 0 and t.number = p.number
            where p.ledger_id = l and p.number >= past order by p.number limit max;
    elsif part = 'event' then
        low := greatest(past, zerosum.purged_seq(l));
        return query
            select v.seq::text, (jsonb_build_object('part', part) || to_jsonb(v) - 'leaf')::text
            from zerosum.feed(l, low, low + max) v order by v.seq;
    elsif part = 'outbox' then
        return query
            select o.ord::text,
                (jsonb_build_object('part', part) || to_jsonb(o) - 'ledger_id')::text
            from ledger.outbox o where o.ledger_id = l and o.ord > past order by o.ord limit max;
    elsif part = 'restoration' then
        return query
            select r.number::text,
                (jsonb_build_object('part', part) || to_jsonb(r) - 'ledger_id')::text
            from ledger.restorations r where r.ledger_id = l and r.number > past
            order by r.number limit max;
    end if;
end $$;
