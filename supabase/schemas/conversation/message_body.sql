-- A message as callers see it.
create function private.message_body(
  message public.messages, take_number bigint, take_count bigint
) returns jsonb
language sql stable parallel safe
return pg_catalog.jsonb_build_object(
  'message_id', message.message_id,
  'session_id', message.session_id,
  'turn_id', message.turn_id,
  'parent_id', message.parent_id,
  'role', message.role,
  'content', message.content,
  'is_complete', message.is_complete,
  'metadata', message.metadata,
  'take_number', take_number,
  'take_count', take_count,
  'created_at', private.iso(message.created_at),
  'updated_at', private.iso(message.updated_at));

revoke all on function private.message_body(public.messages, bigint, bigint)
from public, anon, authenticated, service_role;
grant execute on function private.message_body(public.messages, bigint, bigint)
to authenticated, service_role;
