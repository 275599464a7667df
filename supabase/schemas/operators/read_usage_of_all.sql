-- A day in a query, such as 2026-11-01; null if it is absent.
create function private.read_day(query jsonb, name text) returns date
language plpgsql set search_path = '' as $$
begin
  if query ->> name !~ '^\d{4}-\d\d-\d\d$' then
    raise invalid_datetime_format;
  end if;
  return (query ->> name)::date;
exception when invalid_datetime_format or datetime_field_overflow then
  perform private.refuse(422, 'invalid_request', format('%s must be a day such as 2026-11-01.', name));
end
$$;

-- The usage of everybody, for the operator: {query: {by: user | kind | model | day, first_day?, last_day?, limit,
-- offset}}, by default of the last 30 days, days in UTC; the most tokens first, days in their order.
create function public.read_usage_of_all(request jsonb) returns jsonb
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

revoke all on function
  private.read_day(jsonb, text),
  public.read_usage_of_all(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.read_day(jsonb, text),
  public.read_usage_of_all(jsonb)
to service_role;
