-- Begins a job for a person: {principal, admission?, kind, session_id or project_id, merge_key?, is_serial?,
-- payload?, steps?, delay_seconds?}, as for private.add_job; 202 with private.job_body. An owner may have at most 200
-- open jobs, or as many as the deployment's settings say.
create function public.start_job(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_steps constant integer := 1000;
  max_delay_seconds constant double precision := 31536000;
  principal_id constant uuid := private.admit(request);
  wanted_session_id constant uuid := private.read_id(request, 'session_id');
  delay_seconds constant double precision := (request ->> 'delay_seconds')::double precision;
  job public.jobs;
begin
  if jsonb_typeof(request -> 'steps') = 'array'
    and jsonb_array_length(request -> 'steps') not between 1 and max_steps
  then
    perform private.refuse(422, 'invalid_request',
      format('A job may be begun with 1 to %s steps.', max_steps));
  end if;
  if wanted_session_id is not null then
    perform private.open_own_session(principal_id, wanted_session_id);
  else
    perform private.open_project(principal_id, private.read_id(request, 'project_id'));
  end if;
  perform private.check_open_jobs(principal_id, private.limit_of_caller(request, 'open_jobs')::integer);
  job := private.add_job(
    (request - array['principal', 'admission', 'owner_id', 'delay_seconds', 'run_after', 'kept_for', 'project_id',
      'reports_progress'])
    || jsonb_build_object('owner_id', principal_id)
    || case when wanted_session_id is null
      then jsonb_build_object('project_id', request -> 'project_id') else '{}' end
    || case when delay_seconds is null then '{}' else jsonb_build_object(
      'run_after', clock_timestamp() + make_interval(
        secs => least(greatest(delay_seconds, 0), max_delay_seconds))) end);
  return private.answer(private.job_body(job), 202);
end
$$;

revoke all on function public.start_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.start_job(jsonb) to service_role;
