-- Waits until no transaction works on the principal's rows, and keeps others out until this one ends;
-- false when there is no such principal. Without it, cascades would lock the rows in an undefined order,
-- and deadlock with others. Foreign keys' checks continue meanwhile (HACKING.md, "Locks").
create function private.lock_belongings(principal_id uuid) returns boolean
language plpgsql set search_path = '' as $$
begin
  perform from public.principals where id = principal_id for no key update;
  if not found then
    return false;
  end if;
  perform from public.bots where owner_id = principal_id order by bot_id for no key update;
  perform from public.characters where owner_id = principal_id order by character_id for no key update;
  perform from public.projects where owner_id = principal_id order by project_id for no key update;
  perform from public.sessions where owner_id = principal_id order by session_id for no key update;
  -- Only of an open one is a step claimed, without the session's lock.
  perform from public.jobs
  where owner_id = principal_id and status in ('queued', 'running', 'paused')
  order by job_id
  for no key update;
  perform from public.plan_shares where owner_id = principal_id order by source_id, month for no key update;
  perform from public.dossiers where owner_id = principal_id order by project_id for no key update;
  perform from public.memory_logs where owner_id = principal_id order by memory_log_id for no key update;
  return true;
end
$$;

revoke all on function private.lock_belongings(uuid) from public, anon, authenticated, service_role;
grant execute on function private.lock_belongings(uuid) to service_role;
