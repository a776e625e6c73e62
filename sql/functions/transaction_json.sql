-- The one place that spells a transaction as JSON text, for post() and answer(), so that both give the same
-- bytes. postings and entries are JSON items joined by commas; effective and recorded are JSON already. A key that
-- begins with DEL is a private one-time key and shows as null. extra: further members, of holds and what follows them. The planner inlines it.
-- Locks: none. Codes: none.
create or replace function zerosum.transaction_json(
    id bigint, kind text, postings text, entries text, reference text, description text, metadata jsonb,
    effective text, recorded text, key text, extra text
) returns text language sql stable as $$
    select concat('{"id":', id, ',"kind":"', kind, '","postings":[', postings, '],"entries":[', entries,
        '],"reference":', coalesce(to_json(reference)::text, 'null'),
        ',"description":', coalesce(to_json(description)::text, 'null'),
        ',"metadata":', metadata, ',"effective_at":', effective, ',"recorded_at":', recorded,
        ',"idempotency_key":', case when starts_with(key, chr(127)) then 'null' else to_json(key)::text end,
        ',' || extra, '}')
$$;
