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

revoke all on function private.has_job_hook(text, text) from public, anon, authenticated, service_role;
grant execute on function private.has_job_hook(text, text) to service_role;
