-- Return the members that end a transaction and a hold, as JSON text. effective and recorded are
-- JSON already. A key that begins with DEL is a private one-time key and becomes null. The
-- planner inlines this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.details_json(
    reference text, description text, metadata jsonb, effective text, recorded text, key text
) returns text language sql stable as $$
    select concat('"reference":', coalesce(to_json(reference)::text, 'null'),
        ',"description":', coalesce(to_json(description)::text, 'null'),
        ',"metadata":', metadata, ',"effective_at":', effective, ',"recorded_at":', recorded,
        ',"idempotency_key":', case when starts_with(key, chr(127)) then 'null'
            else to_json(key)::text end)
$$;
