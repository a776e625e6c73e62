-- Lock a wallet that is to be changed otherwise than by postings, and say why it may not be: unknown_wallet, or
-- reserved_wallet_id for @world, and without admin for any that begins with @. refusal is null when it may be.
-- Locks: the wallet's row. Codes: none.
create or replace function zerosum.lock_wallet(ledger bigint, id text, admin boolean, out w ledger.wallets, out refusal text)
language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
begin
    select x.* into w from ledger.wallets x where x.ledger_id = $1 and x.id = $2 for update;
    refusal := case when w.id is null then zerosum.wallet_facts($2)
        when starts_with(w.id, '@world') or starts_with(w.id, '@') and admin is not true
            then json_build_object('code', 'reserved_wallet_id', 'wallet', w.id)::text end;
end $$;
