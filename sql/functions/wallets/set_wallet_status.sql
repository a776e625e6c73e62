-- Give a wallet a status, with its event. A wallet that has the status already is left alone. A
-- closed wallet gets no other status, and only an empty wallet in which nothing is held can be
-- closed. freeze_wallet(), unfreeze_wallet() and close_wallet() use this.
-- Returns an outcome as post(): done or refused, with the wallet or the code and facts as body.
-- Locks: the wallet's row.
-- Codes: none.
create or replace function zerosum.set_wallet_status(
    ledger bigint, id text, status text, credits boolean, event text, admin boolean
) returns table (outcome text, body text)
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    refusal text := zerosum.lock_wallet($1, $2, $6);
    w ledger.wallets;
begin
    select x.* into w from ledger.wallets x where x.ledger_id = $1 and x.id = $2;
    refusal := coalesce(refusal, case
        when $3 <> 'closed' and w.status = 'closed' then json_build_object('code', 'wallet_closed',
            'wallet', w.id)
        when $3 = 'closed' and (w.posted <> 0 or w.held <> 0)
            then json_build_object('code', 'wallet_not_empty',
            'wallet', w.id, 'asset', w.asset, 'posted', w.posted, 'held', w.held)
    end::text);
    if refusal is not null then
        return query select 'refused', refusal;
        return;
    end if;
    if w.status <> $3 or w.credits_while_frozen <> $4 then
        update ledger.wallets x set status = $3, credits_while_frozen = $4
        where x.ledger_id = $1 and x.id = $2 returning x.* into w;
        perform zerosum.wallet_event(w, $5);
    end if;
    return query select 'done', zerosum.wallet_json(w);
end $$;
