-- The functions of a kind of work in the database. They are found by the kind's name, so a new kind changes
-- nothing here:
--
--   private.<kind>_work(jobs, job_steps, '{}')
--     returns the kind's members of a claimed step; null: no work is left, or the hook has ended the job
--     or postponed the step. Without this hook: {"payload": the step's}.
--   private.<kind>_share(jobs, job_steps, the work)
--     returns {calls, tokens}, which the step takes of its owner's plan when it is claimed. Without this hook
--     the job has taken its share when it began, or takes none.
--   private.<kind>_store(jobs, job_steps, {result, already})
--     stores the result and returns {result?: to keep with the step, answer?: for the worker, has_more?:
--     another step is needed}. With `already` it stores nothing. Without this hook the result is kept
--     unchanged.
--   private.<kind>_fail(jobs, job_steps, '{}')
--     runs after the job has failed.

create function private.has_job_hook(kind text, hook text) returns boolean
language sql stable
return to_regprocedure(
  format('private.%I(public.jobs, public.job_steps, jsonb)', kind || '_' || hook)) is not null;

revoke all on function private.has_job_hook(text, text) from public, anon, authenticated, service_role;
grant execute on function private.has_job_hook(text, text) to service_role;
