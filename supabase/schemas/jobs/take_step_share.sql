-- Takes the share that a claimed step of a kind with a share hook has of its owner's plan; whether the step may be
-- done now. Without room in the plan it is postponed, and its owner's other work too when its turn comes. It
-- waits for nobody, because its caller serves all owners: a plan that is locked is left for the next call.
create function private.take_step_share(job public.jobs, due public.job_steps, work jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  -- Plans are changed, and months begin, at any time.
  postponed_for constant interval := '1 hour';
  share constant jsonb := private.call_job_hook('share', job, due, work);
begin
  perform from public.principal_plans where owner_id = job.owner_id for no key update skip locked;
  if not found and exists (select from public.principal_plans where owner_id = job.owner_id) then
    return false;
  end if;
  begin
    perform private.take_share(
      job.owner_id, job.job_id, (share ->> 'calls')::integer, (share ->> 'tokens')::bigint, 0, true);
  exception when sqlstate 'PT429' then
    update public.job_steps set run_after = clock_timestamp() + postponed_for
    where job_id = due.job_id and step = due.step;
    return false;
  end;
  return true;
end
$$;

-- The share of a step that reads the texts in its work with one call.
create function private.share_of_reading(work jsonb) returns jsonb
language sql stable set search_path = ''
return jsonb_build_object('calls', 1, 'tokens', private.estimate_tokens(work::text) + 4000);

create function private.dossier_extraction_share(job public.jobs, step public.job_steps, work jsonb) returns jsonb
language sql stable set search_path = '' return private.share_of_reading(work);

create function private.session_summary_share(job public.jobs, step public.job_steps, work jsonb) returns jsonb
language sql stable set search_path = '' return private.share_of_reading(work);

create function private.realtime_summary_share(job public.jobs, step public.job_steps, work jsonb) returns jsonb
language sql stable set search_path = '' return private.share_of_reading(work);

create function private.companion_memory_share(job public.jobs, step public.job_steps, work jsonb) returns jsonb
language sql stable set search_path = '' return private.share_of_reading(work);

revoke all on function
  private.take_step_share(public.jobs, public.job_steps, jsonb),
  private.share_of_reading(jsonb),
  private.dossier_extraction_share(public.jobs, public.job_steps, jsonb),
  private.session_summary_share(public.jobs, public.job_steps, jsonb),
  private.realtime_summary_share(public.jobs, public.job_steps, jsonb),
  private.companion_memory_share(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.take_step_share(public.jobs, public.job_steps, jsonb),
  private.share_of_reading(jsonb),
  private.dossier_extraction_share(public.jobs, public.job_steps, jsonb),
  private.session_summary_share(public.jobs, public.job_steps, jsonb),
  private.realtime_summary_share(public.jobs, public.job_steps, jsonb),
  private.companion_memory_share(public.jobs, public.job_steps, jsonb)
to service_role;
