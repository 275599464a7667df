-- Writes calls of a job to the ledger, and counts them in the job's share; a job that has reserved none gets one
-- with its first calls, so that everything that spends counts. wanted_job_id may belong to a deleted job;
-- common.job_id is then null. Counts only new usage: calls may be reported twice, and a worker's lost call may
-- become known.
create function private.write_job_calls(
  common public.model_calls, wanted_job_id uuid, calls jsonb
) returns void
language plpgsql set search_path = '' as $$
declare
  share public.plan_shares;
  known record;
begin
  if jsonb_typeof(calls) is distinct from 'array' or calls = '[]' then
    return;
  end if;
  select * into share from public.plan_shares
  where source_id = wanted_job_id
  order by month desc
  limit 1
  for no key update;
  if share.source_id is null then
    insert into public.plan_shares (
      source_id, month, owner_id, reserved_calls, reserved_tokens, reserved_images, settled_at, is_added_up)
    values (
      wanted_job_id, private.month_of(clock_timestamp()), common.owner_id, 0, 0, 0, clock_timestamp(), true)
    on conflict on constraint plan_shares_pkey do nothing;
    select * into share from public.plan_shares
    where source_id = wanted_job_id
    order by month desc
    limit 1
    for no key update;
  end if;
  select count(*) as calls,
    coalesce(sum(coalesce(input_tokens, 0)::bigint + output_tokens), 0) as tokens
  into known
  from public.model_calls
  where source_id = common.source_id;
  perform private.write_model_calls(common, calls);
  update public.plan_shares
  set used_calls = greatest(used_calls + made.calls - known.calls, 0),
      used_tokens = greatest(used_tokens + made.tokens - known.tokens, 0)
  from (
    select count(*) as calls,
      coalesce(sum(coalesce(input_tokens, 0)::bigint + output_tokens), 0) as tokens
    from public.model_calls
    where source_id = common.source_id
  ) made
  where plan_shares.source_id = share.source_id and plan_shares.month = share.month;
end
$$;

revoke all on function private.write_job_calls(public.model_calls, uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.write_job_calls(public.model_calls, uuid, jsonb) to service_role;
