-- Return the fingerprints, where those of an atomic batch's requests cover the whole batch: no
-- part of the batch is then a repeat by itself.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.unit_fingerprints(requests ledger.request[],
    fingerprints bytea[]) returns bytea[]
language plpgsql stable as $$
begin
    return array(
        select case when u.unit is null then u.fingerprint
            else sha256(u.fingerprint
                || sha256(string_agg(u.fingerprint, '') over (partition by u.unit order by u.number
                rows between unbounded preceding and unbounded following))) end
        from (select r.unit, r.number, fingerprints[r.number] as fingerprint
            from unnest(requests) r) u
        order by u.number
    );
end $$;
