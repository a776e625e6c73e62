-- Close a wallet for ever: only one that holds nothing and where nothing is held. A closed one stays so.
-- Returns an outcome as post(): done | refused (body: the wallet, or code and facts). An event wallet.closed.
-- Locks: the wallet's row. Codes: none.
create or replace function zerosum.close_wallet(ledger bigint, id text, admin boolean default false)
returns table (outcome text, body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    refusal text := zerosum.lock_wallet($1, $2, $3);
    w ledger.wallets;
begin
    select x.* into w from ledger.wallets x where x.ledger_id = $1 and x.id = $2;
    refusal := coalesce(refusal, case when w.posted <> 0 or w.held <> 0
        then json_build_object('code', 'wallet_not_empty', 'wallet', w.id, 'asset', w.asset, 'posted', w.posted,
            'held', w.held)::text end);
    if refusal is not null then
        return query select 'refused', refusal;
        return;
    end if;
    if w.status <> 'closed' then
        update ledger.wallets x set status = 'closed', credits_while_frozen = false
        where x.ledger_id = $1 and x.id = $2 returning x.* into w;
        perform zerosum.wallet_event(w, 'wallet.closed');
    end if;
    return query select 'done', zerosum.wallet_json(w);
end $$;
