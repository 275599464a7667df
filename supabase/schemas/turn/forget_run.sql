-- A run that has ended, or is to end, without a word: as if its model had never been asked.

-- Takes away a generation that has said nothing, if its writer was not heard of or has given it up, and
-- nothing has come after it; false when that is not so. Its question stays, and the path is where the run
-- found it. The caller has locked the session and the generation.
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
    or not (generation.status = 'streaming' or generation.ended_by_silence)
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

-- Of a request that is made again, under the name of a turn whose writer has died without a word: forgets
-- that run, so that the request runs now. The question is returned; nulls when the turn is to be told as
-- it is. The session is locked then.
create function private.forget_dead_run(named public.generations) returns public.messages
language plpgsql set search_path = '' as $$
declare
  generation public.generations;
  question public.messages;
begin
  if not (named.ended_by_silence or (named.status = 'streaming' and private.is_silent(named))) then
    return null;
  end if;
  perform from public.sessions where session_id = named.session_id for no key update;
  select * into generation from public.generations
  where generation_id = named.generation_id
  for no key update;
  if (generation.ended_by_silence
      or (generation.status = 'streaming' and private.is_silent(generation)))
    and private.forget_run(generation)
  then
    select * into question from public.messages where message_id = generation.user_message_id;
  end if;
  return question;
end
$$;

revoke all on function
  private.forget_run(public.generations),
  private.forget_dead_run(public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.forget_run(public.generations),
  private.forget_dead_run(public.generations)
to service_role;
