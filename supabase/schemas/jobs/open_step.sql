-- Locks and returns the step with this lease, after its subject and job; refuses when the lease is not the
-- step's latest.
create function private.open_step(request jsonb) returns public.job_steps
language plpgsql set search_path = '' as $$
declare
  wanted_id constant uuid := private.read_id(request, 'job_id');
  lease constant uuid := private.read_id(request, 'lease_token');
  job public.jobs;
  opened public.job_steps;
begin
  select * into job from public.jobs where job_id = wanted_id;
  perform from public.sessions where session_id = job.session_id for no key update;
  perform from public.projects where project_id = job.project_id for share;
  perform from public.jobs where job_id = wanted_id for no key update;
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such job, or what it was for is gone: drop what was done.');
  end if;
  select * into opened from public.job_steps
  where job_id = wanted_id and step = (request ->> 'step')::integer
  for update;
  if (opened.lease_token = lease) is not true then
    perform private.refuse(409, 'stale_lease',
      'Another worker has taken this step, or it begins anew, or its job was cancelled: drop what was done.');
  end if;
  return opened;
end
$$;

revoke all on function private.open_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function private.open_step(jsonb) to service_role;
