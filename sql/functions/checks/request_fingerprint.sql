-- Return what tells a repeat of a request from another request with the same idempotency key: a
-- SHA-256 over a version, the kind and the canonical arguments. White space, the order of
-- members and spelled-out defaults make no difference. size and postings: how many postings the
-- request has, and posting_canon() of each, one a line; both null for a kind that has none of
-- its own.
-- The fingerprint is stored with each transaction, so this function may never change:
-- tests/sql/test_fingerprint.py has one of each kind. The planner inlines this.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.request_fingerprint(
    kind text, size bigint, postings text, reference text, description text, metadata jsonb,
    effective_at timestamptz,
    conditions jsonb, options jsonb
) returns bytea language sql stable as $$
    select sha256(convert_to(concat('1 ', kind, ' ', size, ' ', postings, E'\n', to_json(reference),
        E'\n',
        to_json(description), E'\n', nullif(metadata, '{}'), E'\n',
        extract(epoch from effective_at), E'\n' || conditions::text, E'\n\n' || options::text),
            'UTF8'))
$$;
