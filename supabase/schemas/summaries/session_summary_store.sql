-- Stores a summary (jobs/has_job_hook.sql): the result is {summary}, with any other members to keep.
-- has_more is true while the summary does not reach far enough.
create function private.session_summary_store(
  job public.jobs, step public.job_steps, made jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_summary_bytes constant integer := 8192;
  outcome constant jsonb := made -> 'result';
  next_id constant uuid := (step.payload ->> 'next_message_id')::uuid;
begin
  if (made ->> 'already')::boolean then
    return '{}';
  end if;
  if jsonb_typeof(outcome -> 'summary') is distinct from 'string'
    or octet_length(outcome ->> 'summary') not between 1 and max_summary_bytes then
    perform private.refuse(422, 'invalid_request',
      format('result.summary must be a text of 1 to %s bytes.', max_summary_bytes));
  end if;
  if jsonb_typeof(step.payload -> 'ends_inside') = 'object' then
    update public.jobs
    set payload = payload || jsonb_build_object('partial',
      step.payload -> 'ends_inside' || jsonb_build_object('summary', outcome -> 'summary'))
    where job_id = job.job_id;
    return jsonb_build_object('result', outcome - 'summary', 'has_more', true);
  end if;
  update public.jobs set payload = payload - 'partial'
  where job_id = job.job_id and payload ? 'partial';
  insert into public.session_summaries (
    session_id, until_message_id, owner_id, until_position, summary, created_at)
  select job.session_id, message.message_id, job.owner_id, message.position,
    outcome ->> 'summary', clock_timestamp()
  from public.messages message
  where message.message_id = next_id
  on conflict (session_id, until_message_id) do update
  set summary = excluded.summary, created_at = excluded.created_at, is_stale = false
  where session_summaries.is_stale;
  return jsonb_build_object(
    'result', outcome - 'summary',
    'has_more', next_id::text <> job.payload ->> 'until_message_id');
end
$$;

revoke all on function private.session_summary_store(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.session_summary_store(public.jobs, public.job_steps, jsonb)
to service_role;
