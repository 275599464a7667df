-- A summary that was made; whether there is more to do. The task is locked, with its session.
create function private.store_summary(task public.background_tasks, outcome jsonb)
returns boolean
language plpgsql set search_path = '' as $$
declare
  max_summary_bytes constant integer := 8192;
  next_id constant uuid := (task.payload ->> 'next_message_id')::uuid;
begin
  if jsonb_typeof(outcome -> 'summary') is distinct from 'string'
    or octet_length(outcome ->> 'summary') not between 1 and max_summary_bytes then
    perform private.refuse(422, 'invalid_request',
      format('result.summary must be a text of 1 to %s bytes.', max_summary_bytes));
  end if;
  insert into public.session_summaries (
    session_id, until_message_id, owner_id, until_position, summary, created_at)
  select task.session_id, message.message_id, task.owner_id, message.position,
    outcome ->> 'summary', clock_timestamp()
  from public.messages message
  where message.message_id = next_id
  on conflict (session_id, until_message_id) do update
  set summary = excluded.summary, created_at = excluded.created_at, is_stale = false
  where session_summaries.is_stale;
  return next_id::text <> task.payload ->> 'until_message_id';
end
$$;

revoke all on function private.store_summary(public.background_tasks, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.store_summary(public.background_tasks, jsonb) to service_role;
