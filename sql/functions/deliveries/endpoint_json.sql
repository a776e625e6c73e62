-- Return an endpoint as JSON text, without its secret and its headers' values. No other function
-- spells endpoints.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.endpoint_json(p ledger.endpoints) returns text
language sql stable as $$
    select concat('{"id":', p.id, ',"url":', to_json(p.url), ',"types":', to_json(p.types),
        ',"wallets":', to_json(p.wallets), ',"kinds":', to_json(p.kinds),
        ',"header_names":', to_json(p.header_names), ',"amounts":"', p.amounts,
        '","timeout_s":', p.timeout_s, ',"concurrency":', p.concurrency,
        ',"ordered":', p.ordered::text,
        ',"rate_limit":', coalesce(to_json(p.rate_limit)::text, 'null'),
        (
            select concat(',"signing":"', case when bool_or(s.expires_at is null
                    and s.public_key is not null) then 'asymmetric' else 'symmetric' end,
                '","public_keys":', coalesce(json_agg('whpk_' || encode(s.public_key, 'base64'))
                    filter (where s.public_key is not null)::text, '[]'),
                ',"old_secrets_expire_at":', coalesce(zerosum.time_json(max(s.expires_at)), 'null'))
            from zerosum.live_secrets(p.ledger_id, p.id) s
        ),
        ',"status":"', case when p.disabled_at is null then 'enabled' else 'disabled' end,
        '","disabled_reason":', coalesce(to_json(p.disabled_reason)::text, 'null'),
        ',"failing_since":', coalesce(zerosum.time_json(p.failing_since), 'null'),
        ',"description":', coalesce(to_json(p.description)::text, 'null'),
        ',"metadata":', p.metadata, ',"created_at":', zerosum.time_json(p.created_at), '}')
$$;
