-- The memory that the principal's conversations with this character share; created if it is missing.
create function private.open_memory_log(wanted_owner_id uuid, wanted_character_id uuid)
returns public.memory_logs
language plpgsql set search_path = '' as $$
declare
  log public.memory_logs;
begin
  select * into log from public.memory_logs
  where owner_id = wanted_owner_id and character_id is not distinct from wanted_character_id;
  if not found then
    insert into public.memory_logs (owner_id, character_id)
    values (wanted_owner_id, wanted_character_id)
    on conflict (owner_id, character_id) do nothing;
    select * into log from public.memory_logs
    where owner_id = wanted_owner_id and character_id is not distinct from wanted_character_id;
  end if;
  return log;
end
$$;

-- Adds a job that reads a conversation's unread messages and folds its memory, unless one is open. The session
-- is locked.
create function private.plan_memory(session public.sessions) returns void
language plpgsql set search_path = '' as $$
declare
  -- After a failure, models are not asked again with every turn.
  failure_pause constant interval := '10 minutes';
begin
  if not exists (
    select from public.jobs
    where session_id = session.session_id and kind = 'companion_memory' and status = 'failed'
      and finished_at > clock_timestamp() - failure_pause)
  then
    perform private.add_job(jsonb_build_object(
      'kind', 'companion_memory', 'owner_id', session.owner_id, 'session_id', session.session_id,
      'merge_key', 'session', 'merge', 'open'));
  end if;
end
$$;

-- After a turn with a companion, marks the user's message to be read for the companion's memory. The session
-- is locked.
create function private.mark_for_memory(generation public.generations) returns void
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
begin
  select * into session from public.sessions where session_id = generation.session_id;
  if session.kind <> 'companion' then
    return;
  end if;
  insert into public.memory_readings (session_id, message_id, owner_id)
  select question.session_id, question.message_id, question.owner_id
  from public.messages question
  where question.message_id = generation.user_message_id
    and private.memory_terms(question.content) <> '{}'
  on conflict (session_id, message_id) do nothing;
  if found then
    perform private.plan_memory(session);
  end if;
end
$$;

revoke all on function
  private.open_memory_log(uuid, uuid),
  private.plan_memory(public.sessions),
  private.mark_for_memory(public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.open_memory_log(uuid, uuid),
  private.plan_memory(public.sessions),
  private.mark_for_memory(public.generations)
to service_role;
