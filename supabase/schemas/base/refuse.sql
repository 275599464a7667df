-- How an engine function refuses. The edge has verified the caller's credentials; the engine functions
-- trust what it passes.

-- Ends the call with SQLSTATE PTnnn, which PostgREST turns into that HTTP status. The message tells
-- the caller what to do; the code is one of shared/result/error_code.cpp; the hint is empty, or after how many
-- seconds to try again.
create function private.refuse(status integer, code text, message text, hint text default '')
returns void
language plpgsql set search_path = '' as $$
begin
  raise exception using
    errcode = 'PT' || status, message = refuse.message, detail = code, hint = refuse.hint;
end
$$;

-- The same, with members that the caller gets beside the message, and after how many seconds to try again, 0
-- when that is not known. The hint is {"retry_after_s", "members"}.
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
