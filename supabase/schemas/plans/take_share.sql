-- Reserves the share that a job or a turn has of its owner's plan, or refuses with 429 plan_exceeded and
-- {usage, reserved, limit, resets_at}. It is added to a share that the job has open. Call it after all other
-- locks of the transaction, including the job's; code that settles shares never waits for its lock. The share
-- is settled when the job or the turn ends (settle_share.sql, turn_shares.sql).
create function private.take_share(
  owner_id uuid, source_id uuid, calls integer, tokens bigint, images integer, is_added_up boolean default false
) returns void
language plpgsql set search_path = '' as $$
declare
  -- Longer than a job's calls are reported late, and than anybody asks what was used.
  lifetime constant interval := '13 months';
  this_month date;
  taken jsonb;
  asked constant jsonb := jsonb_build_object('calls', calls, 'tokens', tokens, 'images', images);
  lacking text;
begin
  perform private.hold_plan(take_share.owner_id);
  this_month := private.month_of(clock_timestamp());
  taken := private.plan_usage(take_share.owner_id, this_month);
  select string_agg(needed.key, ' and ' order by needed.key) into lacking
  from jsonb_each_text(asked) needed
  where needed.value::numeric > 0
    and (taken -> 'usage' ->> needed.key)::numeric + (taken -> 'reserved' ->> needed.key)::numeric
      + needed.value::numeric > (taken -> 'limit' ->> needed.key)::numeric;
  if lacking is not null then
    perform private.refuse(429, 'plan_exceeded', format(
        'Your plan %s has too few %s left in this month: ask for less, or wait until %s, or until what is '
        'running has ended, or ask for a larger plan.',
        taken ->> 'plan', lacking, taken ->> 'resets_at'),
      jsonb_build_object(
        'retry_after_s',
        ceil(extract(epoch from (taken ->> 'resets_at')::timestamptz - clock_timestamp()))::integer,
        'members', taken - 'month',
        'limit', taken -> 'limit' -> split_part(lacking, ' ', 1),
        'remaining', greatest(0,
          (taken -> 'limit' ->> split_part(lacking, ' ', 1))::numeric
          - (taken -> 'usage' ->> split_part(lacking, ' ', 1))::numeric
          - (taken -> 'reserved' ->> split_part(lacking, ' ', 1))::numeric))::text);
  end if;
  delete from public.plan_shares old
  where old.owner_id = take_share.owner_id and old.month < this_month - lifetime
    and old.settled_at is not null;
  insert into public.plan_shares as share (
    source_id, month, owner_id, reserved_calls, reserved_tokens, reserved_images, is_added_up)
  values (
    take_share.source_id, this_month, take_share.owner_id, take_share.calls, take_share.tokens,
    take_share.images, take_share.is_added_up)
  on conflict on constraint plan_shares_pkey do update
  set reserved_calls = excluded.reserved_calls
        + case when share.settled_at is null then share.reserved_calls else share.used_calls end,
      reserved_tokens = excluded.reserved_tokens
        + case when share.settled_at is null then share.reserved_tokens else share.used_tokens end,
      reserved_images = excluded.reserved_images
        + case when share.settled_at is null then share.reserved_images else share.used_images end,
      settled_at = null, is_added_up = excluded.is_added_up;
end
$$;

-- Reserves the unused rest of its share again for a job that continues after its end, if it has reserved one.
-- Call it after all other locks, like private.take_share.
create function private.retake_share(job public.jobs) returns void
language plpgsql set search_path = '' as $$
declare
  share public.plan_shares;
begin
  select * into share from public.plan_shares
  where source_id = job.job_id
  order by month desc
  limit 1;
  if share.settled_at is not null and not share.is_added_up then
    perform private.take_share(
      job.owner_id, job.job_id,
      greatest(share.reserved_calls - share.used_calls, 1)::integer,
      greatest(share.reserved_tokens - share.used_tokens, 0),
      greatest(share.reserved_images - share.used_images, 0)::integer);
  end if;
end
$$;

revoke all on function
  private.take_share(uuid, uuid, integer, bigint, integer, boolean),
  private.retake_share(public.jobs)
from public, anon, authenticated, service_role;
grant execute on function
  private.take_share(uuid, uuid, integer, bigint, integer, boolean),
  private.retake_share(public.jobs)
to service_role;
