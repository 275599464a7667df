-- Deletes all facts about a story and their sources: {principal, project_id, if_match}. The project
-- keeps its conversations, and has an empty dossier of a later version. Existing messages are not read
-- for it again, including those that were passed over.
create function public.clear_dossier(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  project public.projects := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  session_ids uuid[];
  log_head bigint;
begin
  select coalesce(array_agg(session_id), '{}') into session_ids
  from (
    select session_id from public.sessions where project_id = project.project_id
    order by session_id
    for no key update
  ) locked;
  perform from public.jobs
  where session_id = any (session_ids) and kind = 'dossier_extraction'
    and status in ('queued', 'running', 'paused')
  order by job_id
  for no key update;
  select head into log_head from public.dossiers
  where project_id = project.project_id
  for no key update;
  perform private.check_version(request ->> 'if_match', log_head::text);
  perform private.drop_job(job_id) from public.jobs
  where session_id = any (session_ids) and kind = 'dossier_extraction'
    and status in ('queued', 'running', 'paused');
  update public.message_extractions
  set is_done = true
  where session_id = any (session_ids) and not is_done;
  -- Nor what was passed over so far.
  insert into public.message_extractions (session_id, message_id, owner_id, is_done)
  select session.session_id, unread.message_id, session.owner_id, true
  from public.sessions session
  cross join lateral unnest(private.unmarked_until(session.active_leaf_id))
    as unread (message_id)
  where session.session_id = any (session_ids)
  on conflict (session_id, message_id) do nothing;
  delete from public.dossier_assertions where project_id = project.project_id;
  update public.dossiers
  set head = head + 1, log_start = head + 1, folded_to = head + 1, log_room = 0,
      snapshot_json = default, facts_json = default, updated_at = clock_timestamp()
  where project_id = project.project_id;
  return private.answer(
    '{"message": "The dossier is empty. The project and its conversations are still there."}');
end
$$;

revoke all on function public.clear_dossier(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.clear_dossier(jsonb) to service_role;
