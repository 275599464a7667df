-- The caller's usage of their plan in this month: {principal}; answers private.plan_usage.
create function public.read_usage(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
begin
  return private.answer(private.plan_usage(
    private.resolve_principal(request -> 'principal'), private.month_of(clock_timestamp())));
end
$$;

revoke all on function public.read_usage(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_usage(jsonb) to service_role;
