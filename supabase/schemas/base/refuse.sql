-- How an engine function refuses. The edge has verified the caller's credentials; the engine functions
-- trust what it passes.

-- Ends the call with SQLSTATE PTnnn, which PostgREST turns into that HTTP status. The message tells
-- the caller what to do; the code is one of shared/result/error_code.cpp.
create function private.refuse(status integer, code text, message text, hint text default '')
returns void
language plpgsql set search_path = '' as $$
begin
  raise exception using
    errcode = 'PT' || status, message = refuse.message, detail = code, hint = refuse.hint;
end
$$;

revoke all on function private.refuse(integer, text, text, text)
from public, anon, authenticated, service_role;
grant execute on function private.refuse(integer, text, text, text) to service_role;
