-- The principal's plan: the one that the operator has assigned, else the one that their newest token has named,
-- else the default.
create function private.plan_of(principal_id uuid) returns public.plans
language plpgsql stable set search_path = '' as $$
declare
  plan public.plans;
begin
  select * into plan from public.plans
  where name = (
    select principal_plans.plan from public.principal_plans where owner_id = principal_id);
  if not found then
    select * into plan from public.plans
    where name = (select claimed_plan from public.principals where id = principal_id);
  end if;
  if not found then
    select * into plan from public.plans where is_default;
  end if;
  return plan;
end
$$;

-- The first day of a time's month, in UTC.
create function private.month_of(moment timestamptz) returns date
language sql stable parallel safe
return pg_catalog.date_trunc('month', moment at time zone 'UTC')::date;

-- The beginning of the next month, in the form for callers.
create function private.end_of_month(month date) returns text
language sql stable parallel safe
return private.iso((month + interval '1 month') at time zone 'UTC');

-- {plan, month, usage, reserved, limit, resets_at, stored}: the usage of the principal's plan in this month. usage,
-- reserved and limit are {calls, tokens, images}, stored is {bytes, limit_bytes} at this moment; a limit is null
-- if there is none.
create function private.plan_usage(principal_id uuid, month date) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  plan constant public.plans := private.plan_of(principal_id);
begin
  return (
    select jsonb_build_object(
      'plan', plan.name,
      'month', to_char(plan_usage.month, 'YYYY-MM'),
      'usage', jsonb_build_object(
        'calls', coalesce(sum(share.used_calls), 0),
        'tokens', coalesce(sum(share.used_tokens), 0),
        'images', coalesce(sum(share.used_images), 0)),
      'reserved', jsonb_build_object(
        'calls', coalesce(sum(greatest(share.reserved_calls - share.used_calls, 0))
          filter (where share.settled_at is null), 0),
        'tokens', coalesce(sum(greatest(share.reserved_tokens - share.used_tokens, 0))
          filter (where share.settled_at is null), 0),
        'images', coalesce(sum(greatest(share.reserved_images - share.used_images, 0))
          filter (where share.settled_at is null), 0)),
      'limit', jsonb_build_object(
        'calls', plan.calls_a_month,
        'tokens', plan.tokens_a_month,
        'images', plan.images_a_month),
      'resets_at', private.end_of_month(plan_usage.month),
      'stored', jsonb_build_object(
        'bytes', private.stored_bytes(principal_id),
        'limit_bytes', plan.stored_bytes))
    from public.plan_shares share
    where share.owner_id = principal_id and share.month = plan_usage.month);
end
$$;

revoke all on function
  private.plan_of(uuid),
  private.month_of(timestamptz),
  private.end_of_month(date),
  private.plan_usage(uuid, date)
from public, anon, authenticated, service_role;
grant execute on function
  private.plan_of(uuid),
  private.month_of(timestamptz),
  private.end_of_month(date),
  private.plan_usage(uuid, date)
to service_role;
