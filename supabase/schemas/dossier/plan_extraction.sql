-- Makes work of what is left to read in a session, unless there is some already. The session is locked.
create function private.plan_extraction(wanted_session_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  -- What models could not do a moment ago they are not asked for with every turn.
  failure_pause constant interval := '10 minutes';
  lifetime constant interval := '1 day';
begin
  if exists (
    select from public.background_tasks
    where session_id = wanted_session_id and kind = 'dossier_extraction' and status = 'failed'
      and finished_at > clock_timestamp() - failure_pause)
  then
    return;
  end if;
  delete from public.background_tasks
  where session_id = wanted_session_id and kind = 'dossier_extraction'
    and finished_at < clock_timestamp() - lifetime;
  -- Who is claiming it this moment may find nothing to do, not seeing what is new, and end it. Writing
  -- to the row waits for that, and then makes another one.
  insert into public.background_tasks (kind, session_id, owner_id)
  select 'dossier_extraction', session_id, owner_id
  from public.sessions
  where session_id = wanted_session_id and project_id is not null
  on conflict (session_id, kind) where status in ('queued', 'running')
    do update set run_after = background_tasks.run_after;
end
$$;

revoke all on function private.plan_extraction(uuid) from public, anon, authenticated, service_role;
grant execute on function private.plan_extraction(uuid) to service_role;
