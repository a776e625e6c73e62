-- Settle the requests whose key belongs to a transaction: the same request again is `replayed`,
-- another request is refused.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.settle_known(
    known ledger.known_key[], fingerprints bytea[], inout outcomes text[], inout bodies text[]
) language plpgsql as $$
declare
    found_key ledger.known_key;
begin
    foreach found_key in array known loop
        if outcomes[found_key.request] is null then
            if fingerprints[found_key.request] = found_key.fingerprint then
                outcomes[found_key.request] := 'replayed';
            else
                outcomes[found_key.request] := 'refused';
                bodies[found_key.request] := json_build_object('code', 'idempotency_key_reused');
            end if;
        end if;
    end loop;
end $$;
