-- begin_turn's answer for a turn, whether it has just begun or began earlier.
create function private.describe_turn(
  session public.sessions, question public.messages, generation public.generations
) returns jsonb
language sql stable parallel safe
return pg_catalog.jsonb_build_object(
  'user_id', generation.owner_id,
  'session_id', session.session_id,
  'project_id', session.project_id,
  'user_message_id', question.message_id,
  'message_id', generation.message_id,
  'stream_id', generation.stream_id,
  'generation_id', generation.generation_id,
  'epoch', generation.epoch,
  'turn_number', question.turn_number,
  'title', session.title,
  'action', generation.action,
  'base_bytes', generation.base_bytes)
|| case when generation.reply_metadata = '{}' then '{}'
  else pg_catalog.jsonb_build_object('reply_metadata', generation.reply_metadata) end;

revoke all on function private.describe_turn(public.sessions, public.messages, public.generations)
from public, anon, authenticated, service_role;
grant execute on function private.describe_turn(public.sessions, public.messages, public.generations)
to service_role;
