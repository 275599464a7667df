-- Refusals of engine functions. The edge has verified the caller's credentials; the engine functions trust
-- its arguments.

-- Ends the call with SQLSTATE PTnnn, which PostgREST turns into that HTTP status. The message tells the
-- caller what to do; the code is one of shared/result/error_code.cpp; the hint is empty, or the seconds to
-- wait before trying again, or {"retry_after_s", "members", "limit", "remaining"}: also further members for the
-- caller, and for the headers RateLimit-* the limit that is reached, and how much of it is left, 0 if absent.
create function private.refuse(status integer, code text, message text, hint text default '')
returns void
language plpgsql set search_path = '' as $$
begin
  raise exception using
    errcode = 'PT' || status, message = refuse.message, detail = code, hint = refuse.hint;
end
$$;

-- The same, with further members for the caller, and the seconds to wait before trying again, 0 if unknown.
-- The hint is {"retry_after_s", "members"}.
create function private.refuse_with(
  status integer, code text, message text, members jsonb, retry_after_s integer default 0
) returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(status, code, message, jsonb_build_object(
    'retry_after_s', retry_after_s, 'members', members)::text);
end
$$;

revoke all on function
  private.refuse(integer, text, text, text),
  private.refuse_with(integer, text, text, jsonb, integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.refuse(integer, text, text, text),
  private.refuse_with(integer, text, text, jsonb, integer)
to service_role;
