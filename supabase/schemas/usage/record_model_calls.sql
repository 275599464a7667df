-- Records calls of a step that is deleted or was taken over by another worker: {job_id, step, kind, user_id,
-- project_id?, lease_token, calls}, as returned by claim_step. Returns {}.
create function public.record_model_calls(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  common public.model_calls;
begin
  common.source_id := private.read_id(request, 'lease_token');
  common.kind := request ->> 'kind';
  common.step := (request ->> 'step')::integer;
  -- Before the job, although it comes after it: whoever deletes the job has locked its share, and waits for the
  -- job's lock that this call takes.
  perform from public.plan_shares where source_id = private.read_id(request, 'job_id')
  order by month
  for no key update;
  select job_id, owner_id into common.job_id, common.owner_id
  from public.jobs where job_id = private.read_id(request, 'job_id')
  for key share;
  -- A deleted account has no ledger.
  if not found then
    select id into common.owner_id from public.principals
    where id = private.read_id(request, 'user_id')
    for key share;
  end if;
  if common.owner_id is not null and common.source_id is not null then
    common.project_id := private.read_id(request, 'project_id');
    perform private.write_job_calls(
      common, private.read_id(request, 'job_id'), request -> 'calls');
  end if;
  return '{}';
end
$$;

revoke all on function public.record_model_calls(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.record_model_calls(jsonb) to service_role;
