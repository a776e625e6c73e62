-- Return the code of what is malformed in a request's options; null: nothing. The options by
-- kind, with amounts as digits and wallets as ids:
-- - hold {expires_at}
-- - capture {hold, amount | postings: [{posting, amount, destination}], destination, final}
-- - void {hold}
-- - reversal {transaction, amount | postings: [{posting, amount}], force}
-- - other kinds have none.
-- A missing amount means all that is left. A wrong member is reported before a missing one.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.options_fault(kind text, options jsonb) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    known constant text[] := case kind
        when 'hold' then array['expires_at']
        when 'capture' then array['hold', 'amount', 'postings', 'destination', 'final']
        when 'void' then array['hold']
        when 'reversal' then array['transaction', 'amount', 'postings', 'force']
        else '{}' end;
    origin constant text := case when kind = 'reversal' then 'transaction' else 'hold' end;
    part jsonb;
    fault text;
begin
    if options is null and kind not in ('capture', 'void', 'reversal') then
        return null;
    elsif jsonb_typeof(options) is distinct from 'object' or options - known <> '{}' then
        return 'invalid_options';
    elsif kind = 'hold' then
        if not options ? 'expires_at' then
            return null;
        elsif coalesce(options ->> 'expires_at', '') !~ (
            '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?'
            '(Z|[+-][0-9]{2}(:[0-9]{2})?)$') then
            return 'invalid_expires_at';
        end if;
        begin
            perform (options ->> 'expires_at')::timestamptz;
        exception when datetime_field_overflow or invalid_datetime_format then
            return 'invalid_expires_at';
        end;
        return null;
    elsif coalesce(options ->> origin, '') !~ '^[1-9][0-9]{0,17}$'
        or jsonb_typeof(coalesce(options -> 'final', options -> 'force', 'false')) <> 'boolean'
        or options ? 'amount' and options ? 'postings'
    then
        return 'invalid_options';
    elsif options ? 'postings' and (jsonb_typeof(options -> 'postings') <> 'array'
        or jsonb_array_length(options -> 'postings') not between 1 and 100)
    then
        return 'invalid_postings';
    end if;
    if options - origin = '{}' then
        return null;
    end if;
    fault := zerosum.part_fault(options);
    if fault is not null or not options ? 'postings' then
        return fault;
    end if;
    for part in select x.one from jsonb_array_elements(options -> 'postings') x (one) loop
        fault := zerosum.part_fault(part);
        if fault is not null then
            return fault;
        end if;
    end loop;
    if exists (
        select from jsonb_array_elements(options -> 'postings') x (one)
        where coalesce(x.one ->> 'posting', '') !~ '^[1-9][0-9]{0,2}$'
            or x.one - array['posting', 'amount', 'destination'] <> '{}'
            or kind = 'reversal' and x.one ? 'destination'
    ) or (
        select count(*) <> count(distinct x.one ->> 'posting')
        from jsonb_array_elements(options -> 'postings') x (one)
    ) then
        return 'invalid_postings';
    end if;
    return null;
end $$;
