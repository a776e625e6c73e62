-- Return an RFC 3339 timestamp in UTC, with microseconds, as a JSON string.
-- Locks: none.
-- Codes: none.
create or replace function zerosum.time_json(at timestamptz) returns text
language sql stable as $$
    select to_char(at at time zone 'utc', E'"\\""YYYY-MM-DD"T"HH24:MI:SS.US"Z\\""')
$$;
