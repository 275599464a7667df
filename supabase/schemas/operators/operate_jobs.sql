-- Jobs that have failed, for the operator, whose access the edge has checked.

-- A job that has failed, and why.
create function private.failed_job_body(job public.jobs) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object(
    'job_id', job.job_id,
    'kind', job.kind,
    'user_id', job.owner_id,
    'created_at', private.iso(job.created_at),
    'finished_at', private.iso(job.finished_at),
    'attempts', tried.attempts,
    'lost_attempts', tried.lost_attempts,
    'failures', private.step_failures(job.job_id))
  from (
    select coalesce(sum(attempts), 0) as attempts, coalesce(sum(lost_attempts), 0) as lost_attempts
    from public.job_steps where job_id = job.job_id
  ) tried);

-- Jobs that have failed, the newest first: {query: {limit, offset}}. A job is listed until it is deleted.
create function public.list_failed_jobs(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 50);
  first_row constant integer := private.page_start(query);
begin
  return private.answer_page(
    (select jsonb_agg(private.failed_job_body(listed) order by listed.finished_at desc, listed.job_id)
    from (
      select * from public.jobs
      where status = 'failed'
      order by finished_at desc, job_id
      limit row_count offset first_row
    ) listed),
    first_row, (select count(*) from public.jobs where status = 'failed'));
end
$$;

-- Tries all failed steps of a job again: {job_id}.
create function public.retry_failed_job(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_id constant uuid := private.read_id(request, 'job_id');
  job public.jobs;
  failed_step integer;
begin
  select * into job from public.jobs where job_id = wanted_id and status = 'failed';
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such job that has failed: use a job_id from GET /admin/jobs/failed.');
  end if;
  for failed_step in
    select step from public.job_steps where job_id = wanted_id and status = 'failed' order by step
  loop
    perform public.retry_step(jsonb_build_object(
      'principal', jsonb_build_object('kind', 'named', 'subject', job.owner_id),
      'job_id', wanted_id, 'step', failed_step));
  end loop;
  select * into job from public.jobs where job_id = wanted_id;
  return private.answer(private.failed_job_body(job), 202);
end
$$;

revoke all on function
  private.failed_job_body(public.jobs),
  public.list_failed_jobs(jsonb),
  public.retry_failed_job(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.failed_job_body(public.jobs),
  public.list_failed_jobs(jsonb),
  public.retry_failed_job(jsonb)
to service_role;
