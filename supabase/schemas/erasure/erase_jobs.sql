-- Ends at most row_limit open jobs of a deleted principal, so that no worker goes on for nobody; returns their
-- number.
create function private.end_jobs_of_deleted(principal_id uuid, row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  job_ids uuid[];
  open_id uuid;
begin
  job_ids := array(
    select job_id from public.jobs
    where owner_id = principal_id and status in ('queued', 'running', 'paused')
    limit row_limit);
  perform from public.projects
  where project_id = any (array(select project_id from public.jobs where job_id = any (job_ids)))
  order by project_id
  for no key update;
  perform from public.sessions
  where session_id = any (array(select session_id from public.jobs where job_id = any (job_ids)))
  order by session_id
  for no key update;
  job_ids := array(
    select job_id from public.jobs where job_id = any (job_ids) order by job_id for no key update);
  perform from public.plan_shares
  where source_id = any (job_ids)
  order by source_id, month
  for no key update;
  foreach open_id in array job_ids loop
    perform private.drop_job(open_id);
  end loop;
  return cardinality(job_ids);
end
$$;

-- Deletes at most row_limit rows of jobs of these sessions and projects, which are locked; returns their
-- number.
create function private.erase_jobs(session_ids uuid[], project_ids uuid[], row_limit integer)
returns integer
language plpgsql set search_path = '' as $$
declare
  max_jobs constant integer := 100;
  parts constant text[][] := array[
    ['public.story_events', 'job_id'], ['public.story_drafts', 'job_id'],
    ['public.story_requests', 'job_id'], ['public.job_steps', 'job_id'], ['public.jobs', 'job_id']];
  job_ids uuid[];
begin
  job_ids := array(
    select job_id from public.jobs
    where job_id = any (array(
      select job_id from public.jobs
      where session_id = any (session_ids) or project_id = any (project_ids)
      limit least(max_jobs, row_limit)))
    order by job_id
    for no key update);
  perform from public.plan_shares
  where source_id = any (job_ids)
  order by source_id, month
  for no key update;
  return private.delete_rows_of(parts, job_ids, row_limit);
end
$$;

revoke all on function
  private.end_jobs_of_deleted(uuid, integer),
  private.erase_jobs(uuid[], uuid[], integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.end_jobs_of_deleted(uuid, integer),
  private.erase_jobs(uuid[], uuid[], integer)
to service_role;
