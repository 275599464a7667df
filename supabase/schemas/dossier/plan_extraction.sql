-- Adds a job that reads a session's unread text, unless one is open. The session is locked.
create function private.plan_extraction(wanted_session_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  -- After a failure, models are not asked again with every turn.
  failure_pause constant interval := '10 minutes';
  session public.sessions;
begin
  if exists (
    select from public.jobs
    where session_id = wanted_session_id and kind = 'dossier_extraction' and status = 'failed'
      and finished_at > clock_timestamp() - failure_pause)
  then
    return;
  end if;
  select * into session from public.sessions where session_id = wanted_session_id;
  if session.project_id is not null then
    perform private.add_job(jsonb_build_object(
      'kind', 'dossier_extraction', 'owner_id', session.owner_id, 'session_id', wanted_session_id,
      'merge_key', 'session', 'merge', 'open'));
  end if;
end
$$;

revoke all on function private.plan_extraction(uuid) from public, anon, authenticated, service_role;
grant execute on function private.plan_extraction(uuid) to service_role;
