-- Return whether these conditions are well formed: an array of 1 to 100 objects, each with a
-- wallet's id and at least one of version (a whole number) and min_available_after (digits with
-- an optional minus, as a number or a string).
-- Locks: none.
-- Codes: none.
create or replace function zerosum.conditions_valid(conditions jsonb) returns boolean
language plpgsql immutable strict set search_path = pg_catalog, pg_temp as $$
begin
    if jsonb_typeof($1) <> 'array' then
        return false;
    end if;
    return jsonb_array_length($1) between 1 and 100 and not exists (
        select from jsonb_array_elements($1) c (one)
        where case when jsonb_typeof(c.one) <> 'object' then true else
            c.one - array['wallet', 'version', 'min_available_after'] <> '{}'
            or jsonb_typeof(c.one -> 'wallet') is distinct from 'string'
            or length(c.one ->> 'wallet') not between 1 and 128
                or c.one ->> 'wallet' ~ '[^A-Za-z0-9_.:@-]|^[.][.]?$'
            or not (c.one ? 'version' or c.one ? 'min_available_after')
            or c.one ? 'version' and (jsonb_typeof(c.one -> 'version') <> 'number'
                or c.one ->> 'version' !~ '^(0|[1-9][0-9]{0,17})$')
            or c.one ? 'min_available_after' and (
                jsonb_typeof(c.one -> 'min_available_after') not in ('number', 'string')
                or c.one ->> 'min_available_after' !~ '^(0|-?[1-9][0-9]{0,37})$')
        end);
end $$;
