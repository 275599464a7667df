-- What a kind of work does in the database, found by the kind's name, so that a kind needs no line here:
--
--   private.<kind>_work(jobs, job_steps, '{}')
--     what a worker needs for the step, besides what claim_step tells of every step; null: nothing is
--     left to do, or the hook has ended the job. Without it, {"payload": the step's}.
--   private.<kind>_store(jobs, job_steps, {result, already})
--     stores what was made and returns {result?: what is kept with the step, answer?: what the worker is
--     told besides, has_more?: another step is needed}. With `already` it stores nothing. Without it the
--     result is kept as it is.
--   private.<kind>_fail(jobs, job_steps, '{}')
--     after the job has failed.

create function private.has_job_hook(kind text, hook text) returns boolean
language sql stable
return to_regprocedure(
  format('private.%I(public.jobs, public.job_steps, jsonb)', kind || '_' || hook)) is not null;

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
