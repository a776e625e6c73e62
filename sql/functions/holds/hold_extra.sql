-- Return the further members of the answer to a hold. moves: its postings.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.hold_extra(request ledger.request, moves ledger.move[])
returns text
language plpgsql stable as $$
declare
    move ledger.move;
    asset text := moves[1].asset;
    total numeric := 0;
begin
    foreach move in array moves loop
        total := case when move.asset = asset then total + move.amount end;
    end loop;
    return concat(zerosum.hold_state_json('pending', total, total - total, total), ',"expires_at":',
        coalesce(zerosum.time_json((request.options ->> 'expires_at')::timestamptz), 'null'));
end $$;
