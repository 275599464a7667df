-- Plans, for the operator, whose access the edge has checked.

-- All plans, by name: {}.
create function public.list_plans(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
begin
  return private.answer((
    select coalesce(jsonb_agg(private.plan_body(plan) order by plan.name), '[]')
    from public.plans plan));
end
$$;

-- Creates a plan or changes one, for everybody who has it: {plan_name, body: {calls_a_month, tokens_a_month,
-- images_a_month, stored_bytes?, is_default?}}. Without stored_bytes that stays as it is. With is_default true it
-- replaces the previous default.
create function public.save_plan(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  plan_name constant text := request ->> 'plan_name';
  body constant jsonb := request -> 'body';
  becomes_default constant boolean := coalesce((body ->> 'is_default')::boolean, false);
  plan public.plans;
  is_new boolean;
begin
  if (plan_name ~ '^[a-z][a-z0-9_-]{0,31}$') is not true then
    perform private.refuse(422, 'invalid_request',
      'A plan''s name has 1 to 32 small letters, digits, _ and -, and begins with a letter.');
  end if;
  -- One change of plans at a time: two that each make another plan the default would meet in its index.
  lock table public.plans in share row exclusive mode;
  if body ->> 'is_default' = 'false'
    and exists (select from public.plans where name = plan_name and is_default)
  then
    perform private.refuse(422, 'invalid_request',
      'There must be a default plan: make another one the default instead.');
  end if;
  if becomes_default then
    update public.plans set is_default = false where is_default and name <> plan_name;
  end if;
  insert into public.plans (name) values (plan_name) on conflict do nothing;
  is_new := found;
  update public.plans
  set calls_a_month = (body ->> 'calls_a_month')::bigint,
      tokens_a_month = (body ->> 'tokens_a_month')::bigint,
      images_a_month = (body ->> 'images_a_month')::bigint,
      stored_bytes = case when body ? 'stored_bytes'
        then (body ->> 'stored_bytes')::bigint else stored_bytes end,
      is_default = is_default or becomes_default
  where name = plan_name
  returning * into plan;
  return private.answer(private.plan_body(plan), case when is_new then 201 else 200 end);
end
$$;

-- Refuses because no plan has this name.
create function private.refuse_unknown_plan() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found', 'There is no such plan: see GET /users/plans.');
end
$$;

-- Deletes a plan that nobody has: {plan_name}.
create function public.delete_plan(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
begin
  if exists (select from public.plans where name = request ->> 'plan_name' and is_default) then
    perform private.refuse(422, 'invalid_request',
      'This is the default plan: make another one the default before you delete it.');
  end if;
  delete from public.plans where name = request ->> 'plan_name' and not is_default;
  if not found then
    perform private.refuse_unknown_plan();
  end if;
  return private.answer('{"message": "The plan is deleted."}');
exception when foreign_key_violation then
  perform private.refuse(422, 'invalid_request',
    'Somebody has this plan: give them another one before you delete it.');
end
$$;

-- Assigns a plan to a person from now on: {user_id, body: {plan}}; null is the plan that their token
-- names, or the default. Their usage in this month counts. Answers private.plan_usage.
create function public.set_plan(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id constant uuid := private.resolve_principal(
    jsonb_build_object('kind', 'named', 'subject', request -> 'user_id'));
begin
  perform from public.plans where name = request -> 'body' ->> 'plan' for key share;
  if not found and request -> 'body' ->> 'plan' is not null then
    perform private.refuse_unknown_plan();
  end if;
  perform private.hold_principal(principal_id);
  insert into public.principal_plans (owner_id, plan)
  values (principal_id, request -> 'body' ->> 'plan')
  on conflict (owner_id) do update set plan = excluded.plan;
  return private.answer(
    private.plan_usage(principal_id, private.month_of(clock_timestamp())));
end
$$;

revoke all on function
  public.list_plans(jsonb),
  public.save_plan(jsonb),
  private.refuse_unknown_plan(),
  public.delete_plan(jsonb),
  public.set_plan(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  public.list_plans(jsonb),
  public.save_plan(jsonb),
  private.refuse_unknown_plan(),
  public.delete_plan(jsonb),
  public.set_plan(jsonb)
to service_role;
