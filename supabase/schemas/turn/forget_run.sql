-- Undoes a generation without stored text, as if the model had never been asked.

-- Whether a turn has ended without text unintentionally: every model has failed, or the client or the process
-- was gone. A repeated request is then answered.
create function private.has_failed_silently(generation public.generations) returns boolean
language sql immutable
return generation.status in ('failed', 'disconnected', 'interrupted') and generation.saved_bytes = 0;

-- Deletes a generation without text, if its writer is silent or has given it up, or every model has failed,
-- and the conversation has not continued since; false otherwise. The question stays, and the path is restored
-- to its state before the run. The caller has locked the session and the generation.
create function private.forget_run(generation public.generations) returns boolean
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
begin
  select * into session from public.sessions where session_id = generation.session_id;
  if not session.is_active or session.last_epoch <> generation.epoch
    or generation.save_count > 0
    or exists (select from public.messages where message_id = generation.message_id)
    or exists (
      select from public.message_revisions edited
      where edited.session_id = generation.session_id and edited.last_epoch = generation.epoch)
    or not (generation.status = 'streaming' or generation.ended_by_silence
      or private.has_failed_silently(generation))
  then
    return false;
  end if;
  update public.sessions
  set last_epoch = last_epoch - 1,
      active_leaf_id = case when active_leaf_id = generation.user_message_id
        then coalesce(generation.previous_leaf_id, active_leaf_id) else active_leaf_id end
  where session_id = generation.session_id;
  delete from public.generations where generation_id = generation.generation_id;
  return true;
end
$$;

-- For a repeated request whose turn's writer has died before it stored any text, or has failed without text:
-- deletes that run, so that the request runs now. Returns the question; nulls when the turn is to be replayed
-- instead. The session is then locked.
create function private.forget_dead_run(named public.generations) returns public.messages
language plpgsql set search_path = '' as $$
declare
  generation public.generations;
  question public.messages;
begin
  if not (named.ended_by_silence or private.has_failed_silently(named)
    or (named.status = 'streaming' and private.is_silent(named)))
  then
    return null;
  end if;
  perform from public.sessions where session_id = named.session_id for no key update;
  select * into generation from public.generations
  where generation_id = named.generation_id
  for no key update;
  if (generation.ended_by_silence or private.has_failed_silently(generation)
      or (generation.status = 'streaming' and private.is_silent(generation)))
    and private.forget_run(generation)
  then
    select * into question from public.messages where message_id = generation.user_message_id;
  end if;
  return question;
end
$$;

revoke all on function
  private.has_failed_silently(public.generations),
  private.forget_run(public.generations),
  private.forget_dead_run(public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.has_failed_silently(public.generations),
  private.forget_run(public.generations),
  private.forget_dead_run(public.generations)
to service_role;
