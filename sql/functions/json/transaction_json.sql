-- Return a transaction as JSON text, for post() and answer(), so that both return the same
-- bytes. No other function spells transactions. postings and entries: JSON items joined by
-- commas. effective and recorded are JSON already. extra: further members, of holds and what
-- follows them. The planner inlines this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.transaction_json(
    id bigint, kind text, postings text, entries text, reference text, description text,
    metadata jsonb,
    effective text, recorded text, key text, extra text
) returns text language sql stable as $$
    select concat('{"id":', id, ',"kind":"', kind, '","postings":[', postings, '],"entries":[',
        entries, '],',
        zerosum.details_json(reference, description, metadata, effective, recorded, key),
        ',' || extra, '}')
$$;
