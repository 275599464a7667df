-- Stores a step's result: {job_id, step, lease_token, result, calls?, progress?, message?, next_steps?}. The
-- kind decides what to store of the result (private.<kind>_store); calls are the model calls of the step
-- (private.write_model_calls); next_steps are payloads of steps to add at the end of the job. Returns
-- {job_id, step, status, attempts, run_after, job_status, progress, already} with the kind's answer. Calling
-- again changes nothing and returns `already` true.
create function public.commit_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  done public.job_steps := private.open_step(request);
  job public.jobs;
  is_first_call constant boolean := done.status = 'running';
  stored jsonb;
begin
  select * into job from public.jobs where job_id = done.job_id;
  if not is_first_call then
    stored := private.call_job_hook('store', job, done,
      jsonb_build_object('result', request -> 'result', 'already', true));
    return private.describe_step(done, true)
      || coalesce(nullif(stored -> 'answer', 'null'), '{}');
  end if;
  perform private.record_step_calls(job, done, request -> 'calls');
  if private.has_job_hook(job.kind, 'store') then
    stored := private.call_job_hook('store', job, done,
      jsonb_build_object('result', request -> 'result', 'already', false));
  else
    stored := jsonb_build_object('result', request -> 'result');
  end if;
  update public.job_steps
  set status = 'done', result = stored -> 'result', error = null, finished_at = clock_timestamp()
  where job_id = done.job_id and step = done.step
  returning * into done;
  update public.jobs
  set progress = greatest(
        progress, least(coalesce((request ->> 'progress')::integer, 0), 100)),
      message = coalesce(left(request ->> 'message', 500), message),
      error = case when is_serial then null else error end
  where job_id = done.job_id;
  if jsonb_typeof(request -> 'next_steps') = 'array' and request -> 'next_steps' <> '[]' then
    perform private.add_steps(job, request -> 'next_steps', clock_timestamp());
  end if;
  if (stored ->> 'has_more')::boolean then
    perform private.add_steps(job, '[{}]', clock_timestamp());
  end if;
  perform private.advance_job(done.job_id);
  perform private.count_lost_step(done.owner_id, done.kind, -1);
  return private.describe_step(done, false) || coalesce(nullif(stored -> 'answer', 'null'), '{}');
end
$$;

revoke all on function public.commit_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.commit_step(jsonb) to service_role;
