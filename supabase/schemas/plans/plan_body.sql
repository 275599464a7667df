-- A plan as its operator sees it.
create function private.plan_body(plan public.plans) returns jsonb
language sql immutable parallel safe
return pg_catalog.jsonb_build_object(
  'name', plan.name,
  'calls_a_month', plan.calls_a_month,
  'tokens_a_month', plan.tokens_a_month,
  'images_a_month', plan.images_a_month,
  'stored_bytes', plan.stored_bytes,
  'is_default', plan.is_default);

revoke all on function private.plan_body(public.plans) from public, anon, authenticated, service_role;
grant execute on function private.plan_body(public.plans) to service_role;
