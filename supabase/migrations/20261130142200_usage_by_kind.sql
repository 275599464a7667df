-- The usage of users and of everybody is told by kind of work too; users see theirs by model and day for each month.

-- Sums of the ledger, which users and the operator read alike.

-- The group that a call is added up in: by user, kind, model or day in UTC. Null for the user of a deleted account,
-- and for the model if the worker died before it reported the call.
create function private.group_of_call(call public.model_calls, dimension text) returns text
language sql stable parallel safe
return case dimension
  when 'user' then call.owner_id::text
  when 'kind' then call.kind
  when 'model' then call.provider || ':' || call.model
  else pg_catalog.to_char(call.created_at at time zone 'UTC', 'YYYY-MM-DD')
end;

-- One group: {name, calls, input_tokens, output_tokens, cost_usd}.
create function private.sum_body(
  name text, calls bigint, input_tokens bigint, output_tokens bigint, cost_usd numeric
) returns jsonb
language sql immutable parallel safe
return pg_catalog.jsonb_build_object(
  'name', name, 'calls', calls, 'input_tokens', input_tokens, 'output_tokens', output_tokens,
  'cost_usd', cost_usd);

-- The usage of a principal from a time to another: {by_kind, by_model, by_day}, each an array of groups, the most
-- tokens first, days in their order. At most 100 models are listed. It reads the principal's calls of the time by
-- model_calls_of_owner.
create function private.usage_of_principal(principal_id uuid, begins timestamptz, ends timestamptz) returns jsonb
language sql stable set search_path = '' as $$
  with used as (
    select dimension.name as dimension, private.group_of_call(call, dimension.name) as name,
      count(*) as calls, sum(coalesce(call.input_tokens, 0)::bigint)::bigint as input_tokens,
      sum(call.output_tokens::bigint)::bigint as output_tokens, sum(call.cost_usd) as cost_usd
    from public.model_calls call
    cross join (values ('kind'), ('model'), ('day')) dimension (name)
    where call.owner_id = principal_id and call.created_at >= begins and call.created_at < ends
    group by 1, 2
  ), placed as (
    select *, row_number() over (partition by dimension order by
      case when dimension = 'day' then name end, input_tokens + output_tokens desc, name) as place
    from used
  )
  select jsonb_object_agg('by_' || dimension.name, coalesce((
    select jsonb_agg(
      private.sum_body(placed.name, calls, input_tokens, output_tokens, cost_usd) order by place)
    from placed
    where placed.dimension = dimension.name and place <= 100), '[]'))
  from (values ('kind'), ('model'), ('day')) dimension (name);
$$;

revoke all on function
  private.group_of_call(public.model_calls, text),
  private.sum_body(text, bigint, bigint, bigint, numeric),
  private.usage_of_principal(uuid, timestamptz, timestamptz)
from public, anon, authenticated, service_role;
grant execute on function
  private.group_of_call(public.model_calls, text),
  private.sum_body(text, bigint, bigint, bigint, numeric),
  private.usage_of_principal(uuid, timestamptz, timestamptz)
to service_role;

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
create or replace function public.read_usage(request jsonb) returns jsonb
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

-- The usage of everybody, for the operator: {query: {by: user | kind | model | day, first_day?, last_day?, limit,
-- offset}}, by default of the last 30 days, days in UTC; the most tokens first, days in their order.
create or replace function public.read_usage_of_all(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  query constant jsonb := request -> 'query';
  dimension constant text := coalesce(query ->> 'by', 'day');
  today constant date := (clock_timestamp() at time zone 'UTC')::date;
  begins constant timestamptz :=
    coalesce(private.read_day(query, 'first_day'), today - 29)::timestamp at time zone 'UTC';
  ends constant timestamptz :=
    (coalesce(private.read_day(query, 'last_day'), today) + 1)::timestamp at time zone 'UTC';
  row_count constant integer := private.page_size(query, 50);
  first_row constant integer := private.page_start(query);
  rows jsonb;
  total bigint;
begin
  with used as materialized (
    select
      private.group_of_call(call, dimension) as name,
      count(*) as calls,
      sum(coalesce(call.input_tokens, 0)::bigint)::bigint as input_tokens,
      sum(call.output_tokens::bigint)::bigint as output_tokens,
      sum(call.cost_usd) as cost_usd
    from public.model_calls call
    where call.created_at >= begins and call.created_at < ends
    group by 1
  ), page as (
    select *, row_number() over (order by
      case when dimension = 'day' then name end,
      input_tokens + output_tokens desc, name) as place
    from used
  )
  select
    (select count(*) from used),
    (select jsonb_agg(private.sum_body(name, calls, input_tokens, output_tokens, cost_usd) order by place)
      from page where place > first_row and place <= first_row + row_count)
  into total, rows;
  return private.answer_page(rows, first_row, total);
end
$$;
