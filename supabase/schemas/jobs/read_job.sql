-- Reads a job's status and progress: {principal, job_id}.
create function public.read_job(request jsonb) returns jsonb
language sql set search_path = '' set lock_timeout = '2s'
return private.answer(private.job_body(private.own_job(request, false)));

revoke all on function public.read_job(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_job(jsonb) to service_role;
