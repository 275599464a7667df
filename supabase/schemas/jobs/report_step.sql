-- Reports that a worker continues, and extends its lease: {job_id, step, lease_token, lease_seconds?,
-- progress?, message?, generation_id?}, where progress is the job's in percent, and generation_id the text
-- that the step makes. Returns {leased_until}; refused like a commit when another worker has taken over the
-- step, or the job was cancelled.
create function public.report_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_lease_seconds constant integer := 60;
  max_lease_seconds constant integer := 600;
  reported public.job_steps := private.open_step(request);
  lease_end constant timestamptz := clock_timestamp() + make_interval(secs => least(greatest(
    coalesce((request ->> 'lease_seconds')::double precision, default_lease_seconds), 1),
    max_lease_seconds));
begin
  if reported.status = 'running' then
    update public.job_steps
    set leased_until = greatest(leased_until, lease_end),
        run_after = greatest(leased_until, lease_end),
        generation_id = coalesce(private.read_id(request, 'generation_id'), generation_id)
    where job_id = reported.job_id and step = reported.step
    returning * into reported;
    update public.jobs
    set progress = greatest(
        progress, least(coalesce((request ->> 'progress')::integer, 0), 100)),
        message = coalesce(left(request ->> 'message', 500), message)
    where job_id = reported.job_id;
  end if;
  return jsonb_build_object('leased_until', private.iso(reported.leased_until));
end
$$;

revoke all on function public.report_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.report_step(jsonb) to service_role;
