-- Whether a step could be claimed now, or files are to be deleted; returns {due}. Schedulers ask this
-- before they start a worker. The times are now(): an index cannot find rows by the volatile clock_timestamp().
create function public.has_due_step(request jsonb) returns jsonb
language sql stable set lock_timeout = '2s'
return jsonb_build_object('due', exists (
  select from public.job_steps
  where status in ('queued', 'running') and run_after <= pg_catalog.now())
  or exists (
    select from public.deleted_snapshots where try_after <= pg_catalog.now())
  or exists (
    select from public.deleted_illustrations where try_after <= pg_catalog.now()));

revoke all on function public.has_due_step(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.has_due_step(jsonb) to service_role;
