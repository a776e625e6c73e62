-- Freeze a wallet: it gives nothing until it is unfrozen, and receives only if `credits`. Frozen already, it takes over
-- `credits`; what changes nothing writes nothing.
-- Returns an outcome as post(): done | refused (body: the wallet, or code and facts). An event wallet.frozen.
-- Locks: the wallet's row. Codes: none.
create or replace function zerosum.freeze_wallet(
    ledger bigint, id text, credits boolean default false, admin boolean default false
) returns table (outcome text, body text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    refusal text := zerosum.lock_wallet($1, $2, $4);
    w ledger.wallets;
begin
    select x.* into w from ledger.wallets x where x.ledger_id = $1 and x.id = $2;
    refusal := coalesce(refusal, case when w.status = 'closed'
        then json_build_object('code', 'wallet_closed', 'wallet', w.id)::text end);
    if refusal is not null then
        return query select 'refused', refusal;
        return;
    end if;
    if w.status <> 'frozen' or w.credits_while_frozen <> $3 then
        update ledger.wallets x set status = 'frozen', credits_while_frozen = $3
        where x.ledger_id = $1 and x.id = $2 returning x.* into w;
        perform zerosum.wallet_event(w, 'wallet.frozen');
    end if;
    return query select 'done', zerosum.wallet_json(w);
end $$;
