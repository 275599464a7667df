-- Locks a project's sessions, open jobs, their shares and the dossier, in the common order of locks.
create function private.lock_project_contents(wanted_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.sessions where project_id = wanted_id order by session_id for no key update;
  -- Only steps of open jobs can be claimed, which is done without the session's lock.
  perform from public.jobs
  where (project_id = wanted_id or session_id = any (array(
      select session_id from public.sessions where project_id = wanted_id)))
    and status in ('queued', 'running', 'paused')
  order by job_id
  for no key update;
  perform from public.plan_shares
  where source_id = any (array(
      select job_id from public.jobs
      where project_id = wanted_id or session_id = any (array(
        select session_id from public.sessions where project_id = wanted_id))))
    and settled_at is null
  order by source_id, month
  for no key update;
  perform from public.dossiers where project_id = wanted_id for no key update;
end
$$;

-- Deletes a project with its dossier and its sessions: {principal, project_id, if_match}. Locks them first,
-- in the order of locks, because a cascade has no defined order.
create function public.delete_project(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  project public.projects;
begin
  project := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  perform private.check_version(request ->> 'if_match', private.version_of(project.updated_at));
  perform private.lock_project_contents(project.project_id);
  delete from public.projects where project_id = project.project_id;
  return private.answer(
    '{"message": "The project is deleted, with its dossier and its sessions."}');
end
$$;

revoke all on function
  private.lock_project_contents(uuid),
  public.delete_project(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.lock_project_contents(uuid),
  public.delete_project(jsonb)
to service_role;
