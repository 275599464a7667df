-- Null when the kind has no such hook.
create function private.call_job_hook(
  hook text, job public.jobs, step public.job_steps, argument jsonb default '{}'
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  answer jsonb;
begin
  if private.has_job_hook(job.kind, hook) then
    execute format('select private.%I($1, $2, $3)', job.kind || '_' || hook)
    into answer
    using job, step, argument;
  end if;
  return answer;
end
$$;

revoke all on function private.call_job_hook(text, public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.call_job_hook(text, public.jobs, public.job_steps, jsonb)
to service_role;
