-- The answers of endpoint functions: an envelope, which the edge turns into HTTP without reading the
-- body.

-- Formats a time for callers, in UTC whatever the connection's zone is; null for null.
create function private.iso(moment timestamptz) returns text
language sql stable parallel safe
return pg_catalog.to_char(
  moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- {"body"}, with status and etag if they are not null. `etag` has letters and digits, but no quotes.
create function private.answer(
  body jsonb, status integer default null, etag text default null
) returns jsonb
language sql immutable parallel safe
return pg_catalog.jsonb_build_object('body', coalesce(body, 'null'))
  || pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('status', status, 'etag', etag));

-- A page of a list, which is a bare array: its first row is number `first_row` (from 0) of `total`.
create function private.answer_page(page jsonb, first_row bigint, total bigint) returns jsonb
language sql immutable parallel safe
return pg_catalog.jsonb_build_object(
  'body', coalesce(page, '[]'),
  'total', total,
  'content_range', case
    when pg_catalog.jsonb_array_length(coalesce(page, '[]')) = 0 then '*/' || total
    else first_row || '-' || first_row + pg_catalog.jsonb_array_length(page) - 1 || '/' || total
  end);

revoke all on function
  private.iso(timestamptz),
  private.answer(jsonb, integer, text),
  private.answer_page(jsonb, bigint, bigint)
from public, anon, authenticated, service_role;
grant execute on function private.iso(timestamptz) to authenticated, service_role;
grant execute on function
  private.answer(jsonb, integer, text),
  private.answer_page(jsonb, bigint, bigint)
to service_role;
