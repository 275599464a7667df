-- The month in a query, such as 2026-11: its first day. Null if it is absent.
create function private.read_month(query jsonb) returns date
language plpgsql immutable set search_path = '' as $$
begin
  if query ->> 'month' !~ '^2\d{3}-(0[1-9]|1[0-2])$' then
    perform private.refuse(422, 'invalid_request', 'month must be a month such as 2026-11.');
  end if;
  return ((query ->> 'month') || '-01')::date;
end
$$;

-- The caller's usage of their plan in a month, by default this one: {principal, query: {month?}}; answers
-- private.plan_usage with private.usage_of_principal.
create function public.read_usage(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- A statement of its own, because it may change the plan that the next one reads.
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  month constant date := coalesce(
    private.read_month(request -> 'query'), private.month_of(clock_timestamp()));
begin
  return private.answer(
    private.plan_usage(principal_id, month)
    || private.usage_of_principal(
      principal_id, month::timestamp at time zone 'UTC',
      (month + interval '1 month') at time zone 'UTC'));
end
$$;

revoke all on function
  private.read_month(jsonb),
  public.read_usage(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.read_month(jsonb),
  public.read_usage(jsonb)
to service_role;
