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
