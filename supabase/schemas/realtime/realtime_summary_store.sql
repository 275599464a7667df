-- Stores a part of a session's summary (jobs/has_job_hook.sql): the result is {summary}, with any other
-- members to keep. The part serves as notes for the text after it; the last part is the summary. A summary
-- of a session that has continued meanwhile is dropped.
create function private.realtime_summary_store(
  job public.jobs, step public.job_steps, made jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_summary_bytes constant integer := 8192;
  outcome constant jsonb := made -> 'result';
  is_current boolean;
begin
  if (made ->> 'already')::boolean then
    return '{}';
  end if;
  if jsonb_typeof(outcome -> 'summary') is distinct from 'string'
    or octet_length(outcome ->> 'summary') not between 1 and max_summary_bytes then
    perform private.refuse(422, 'invalid_request',
      format('result.summary must be a text of 1 to %s bytes.', max_summary_bytes));
  end if;
  select end_time is not null and visit = (step.payload ->> 'visit')::integer into is_current
  from public.live_sessions
  where session_id = job.session_id;
  if not is_current then
    return jsonb_build_object('result', '{"outdated": true}'::jsonb);
  end if;
  if (step.payload ->> 'is_last')::boolean then
    update public.live_sessions set summary = outcome ->> 'summary'
    where session_id = job.session_id;
  else
    perform private.add_steps(job, jsonb_build_array(jsonb_build_object(
      'visit', step.payload -> 'visit',
      'notes', outcome -> 'summary',
      'after_depth', step.payload -> 'until_depth',
      'read_until', step.payload -> 'ends_inside')), clock_timestamp());
  end if;
  return jsonb_build_object('result', outcome - 'summary');
end
$$;

-- A summary is retried until it exists (jobs/has_job_hook.sql). The session is locked.
create function private.realtime_summary_fail(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  pause constant interval := '10 minutes';
begin
  perform private.plan_realtime_summary(job.session_id, clock_timestamp() + pause);
  return null;
end
$$;

revoke all on function
  private.realtime_summary_store(public.jobs, public.job_steps, jsonb),
  private.realtime_summary_fail(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.realtime_summary_store(public.jobs, public.job_steps, jsonb),
  private.realtime_summary_fail(public.jobs, public.job_steps, jsonb)
to service_role;
