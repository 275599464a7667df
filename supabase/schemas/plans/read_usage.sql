-- The caller's usage of their plan in this month: {principal}; answers private.plan_usage.
create function public.read_usage(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- A statement of its own, because it may change the plan that the next one reads.
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
begin
  return private.answer(private.plan_usage(principal_id, private.month_of(clock_timestamp())));
end
$$;

revoke all on function public.read_usage(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_usage(jsonb) to service_role;
