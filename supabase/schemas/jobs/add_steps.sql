-- Adds an array of payloads as steps at the end of the job, which is locked. Steps of a paused job wait until
-- it is resumed, steps of a serial job until the step before them is done (private.advance_job).
create function private.add_steps(job public.jobs, payloads jsonb, due_at timestamptz)
returns void
language plpgsql set search_path = '' as $$
declare
  -- The limit of public.job_steps: a job that goes on until no work is left may have many steps.
  max_steps constant integer := 100000;
  known constant integer := coalesce((
    select step from public.job_steps where job_id = job.job_id order by step desc limit 1), 0);
  must_wait constant boolean := job.is_serial and exists (
    select from public.job_steps
    where job_id = job.job_id and status in ('waiting', 'queued', 'running'));
begin
  if jsonb_typeof(payloads) is distinct from 'array' or known + jsonb_array_length(payloads) > max_steps
    or exists (
      select from jsonb_array_elements(payloads) sent where jsonb_typeof(sent) <> 'object')
  then
    perform private.refuse(422, 'invalid_request',
      format('steps must be an array of objects, and a job may have %s.', max_steps));
  end if;
  insert into public.job_steps (job_id, step, owner_id, kind, status, run_after, payload, created_at)
  select job.job_id, known + sent.place, job.owner_id, job.kind,
    case
      when job.status = 'paused' or must_wait or (job.is_serial and sent.place > 1) then 'waiting'
      else 'queued'
    end,
    due_at, sent.payload, clock_timestamp()
  from jsonb_array_elements(payloads) with ordinality as sent (payload, place);
end
$$;

revoke all on function private.add_steps(public.jobs, jsonb, timestamptz)
from public, anon, authenticated, service_role;
grant execute on function private.add_steps(public.jobs, jsonb, timestamptz) to service_role;
