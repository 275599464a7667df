-- Deletes jobs whose retention time is over: {limit?}; returns {deleted}. A part of the
-- cleaner (cleaning/clean.sql).
create function public.delete_finished_jobs(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_limit constant integer := 1000;
  max_limit constant integer := 10000;
  row_limit constant integer := least(greatest(
    coalesce((request ->> 'limit')::integer, default_limit), 0), max_limit);
  deleted integer;
begin
  with ended as (
    select job_id from public.jobs
    where finished_at + kept_for < clock_timestamp()
    order by finished_at
    limit row_limit
    for update skip locked
  )
  delete from public.jobs using ended where jobs.job_id = ended.job_id;
  get diagnostics deleted = row_count;
  return jsonb_build_object('deleted', deleted);
end
$$;

revoke all on function public.delete_finished_jobs(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.delete_finished_jobs(jsonb) to service_role;
