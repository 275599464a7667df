-- An upper estimate of a message's tokens: one for each four bytes, and four for the frame. Empty messages
-- are not sent.
create function private.estimate_tokens(content text) returns integer
language sql immutable parallel safe
return case
  when content = '' then 0
  else (pg_catalog.octet_length(content) + 3) / 4 + 4
end;

revoke all on function private.estimate_tokens(text) from public, anon, authenticated, service_role;
grant execute on function private.estimate_tokens(text) to authenticated, service_role;
