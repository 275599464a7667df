-- Refuses when the owner has reached the limit of open jobs: this one, or by default 200.
create function private.check_open_jobs(principal_id uuid, wanted_limit integer default null) returns void
language plpgsql set search_path = '' as $$
declare
  max_open_jobs constant integer := coalesce(wanted_limit, 200);
begin
  if (
    select count(*) >= max_open_jobs
    from (
      select from public.jobs
      where owner_id = principal_id and status in ('queued', 'running', 'paused')
      limit max_open_jobs
    ) open)
  then
    perform private.refuse_by_limit('caller', format(
      '%s jobs of yours are open: wait until one has ended, or cancel one.', max_open_jobs),
      60, jsonb_build_object('max_open_jobs', max_open_jobs));
  end if;
end
$$;

revoke all on function private.check_open_jobs(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function private.check_open_jobs(uuid, integer) to service_role;
