-- Refuse a place beyond the end of the feed, if `after` is one: whoever has read up to there has
-- read another feed, such as this one before the database was restored to an earlier time. The
-- error's detail is the JSON of its facts.
-- Locks: none.
-- Codes: ZS303 `after` is beyond last_seq.
create or replace function zerosum.refuse_ahead(after bigint, last_seq bigint) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
    if after > last_seq then
        raise exception 'the feed ends with seq %', last_seq
            using errcode = zerosum.sqlstate('cursor_ahead'),
                detail = json_build_object('last_seq', last_seq)::text;
    end if;
end $$;
