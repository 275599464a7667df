-- Returns one of the principal's jobs, locked together with its subject if it is to be changed;
-- refuses any other.
create function private.own_job(request jsonb, is_locked boolean) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_id constant uuid := private.read_id(request, 'job_id');
  job public.jobs;
begin
  select * into job from public.jobs where job_id = wanted_id and owner_id = principal_id;
  if found and is_locked then
    perform from public.sessions where session_id = job.session_id for no key update;
    perform from public.projects where project_id = job.project_id for share;
    select * into job from public.jobs
    where job_id = wanted_id and owner_id = principal_id
    for no key update;
  end if;
  if job.job_id is null then
    perform private.refuse_job();
  end if;
  return job;
end
$$;

revoke all on function private.own_job(jsonb, boolean) from public, anon, authenticated, service_role;
grant execute on function private.own_job(jsonb, boolean) to service_role;
