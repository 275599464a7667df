-- Accounts, failed jobs and everybody's usage, for the operator. Like the schema files.

create index principals_by_age on public.principals (created_at desc, id);
create index jobs_failed on public.jobs (finished_at desc, job_id) where status = 'failed';

-- Accounts, for the operator, whose access the edge has checked.

-- An account as the operator sees it.
create function private.account_body(principal public.principals) returns jsonb
language sql stable set search_path = ''
return jsonb_build_object(
  'user_id', principal.id,
  'kind', principal.kind,
  'issuer', principal.issuer,
  'plan', coalesce(
    (select plan from public.principal_plans where owner_id = principal.id),
    (select name from public.plans where is_default)),
  'created_at', private.iso(principal.created_at),
  'last_seen_at', private.iso(principal.last_seen_at),
  'suspended_at', private.iso(principal.suspended_at),
  'deleted_at', private.iso(principal.deleted_at));

create function private.refuse_unknown_account() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found', 'There is no such account: use a user_id from GET /admin/accounts.');
end
$$;

-- All accounts, the newest first: {query: {limit, offset}}.
create function public.list_accounts(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 50);
  first_row constant integer := private.page_start(query);
begin
  return private.answer_page(
    (select jsonb_agg(private.account_body(listed) order by listed.created_at desc, listed.id)
    from (
      select * from public.principals
      order by created_at desc, id
      limit row_count offset first_row
    ) listed),
    first_row, (select count(*) from public.principals));
end
$$;

-- One of them: {user_id}.
create function public.read_account(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal public.principals;
begin
  select * into principal from public.principals where id = private.read_id(request, 'user_id');
  if not found then
    perform private.refuse_unknown_account();
  end if;
  return private.answer(private.account_body(principal));
end
$$;

-- Suspends an account, or reinstates it: {user_id, body: {is_suspended}}.
create function public.change_account(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  account_id constant uuid := private.read_id(request, 'user_id');
begin
  if (request #>> '{body,is_suspended}')::boolean then
    perform private.suspend_principal(account_id);
  else
    perform private.reinstate_principal(account_id);
  end if;
  return public.read_account(request);
end
$$;

-- Deleted accounts that are not erased yet, the oldest first: {query: {limit, offset}}.
create function public.list_erasures(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 50);
  first_row constant integer := private.page_start(query);
begin
  return private.answer_page(
    (select jsonb_agg(private.account_body(listed) order by listed.deleted_at, listed.id)
    from (
      select * from public.principals
      where deleted_at is not null
      order by deleted_at, id
      limit row_count offset first_row
    ) listed),
    first_row, (select count(*) from public.principals where deleted_at is not null));
end
$$;

revoke all on function
  private.account_body(public.principals),
  private.refuse_unknown_account(),
  public.list_accounts(jsonb),
  public.read_account(jsonb),
  public.change_account(jsonb),
  public.list_erasures(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.account_body(public.principals),
  private.refuse_unknown_account(),
  public.list_accounts(jsonb),
  public.read_account(jsonb),
  public.change_account(jsonb),
  public.list_erasures(jsonb)
to service_role;

-- Jobs that have failed, for the operator, whose access the edge has checked.

-- A job that has failed, and why.
create function private.failed_job_body(job public.jobs) returns jsonb
language sql stable set search_path = ''
return jsonb_build_object(
  'job_id', job.job_id,
  'kind', job.kind,
  'user_id', job.owner_id,
  'created_at', private.iso(job.created_at),
  'finished_at', private.iso(job.finished_at),
  'failures', private.step_failures(job.job_id));

-- Jobs that have failed, the newest first: {query: {limit, offset}}. A job is listed until it is deleted.
create function public.list_failed_jobs(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 50);
  first_row constant integer := private.page_start(query);
begin
  return private.answer_page(
    (select jsonb_agg(private.failed_job_body(listed) order by listed.finished_at desc, listed.job_id)
    from (
      select * from public.jobs
      where status = 'failed'
      order by finished_at desc, job_id
      limit row_count offset first_row
    ) listed),
    first_row, (select count(*) from public.jobs where status = 'failed'));
end
$$;

-- Tries all failed steps of a job again: {job_id}.
create function public.retry_failed_job(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_id constant uuid := private.read_id(request, 'job_id');
  job public.jobs;
  failed_step integer;
begin
  select * into job from public.jobs where job_id = wanted_id and status = 'failed';
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such job that has failed: use a job_id from GET /admin/jobs/failed.');
  end if;
  for failed_step in
    select step from public.job_steps where job_id = wanted_id and status = 'failed' order by step
  loop
    perform public.retry_step(jsonb_build_object(
      'principal', jsonb_build_object('kind', 'named', 'subject', job.owner_id),
      'job_id', wanted_id, 'step', failed_step));
  end loop;
  select * into job from public.jobs where job_id = wanted_id;
  return private.answer(private.failed_job_body(job), 202);
end
$$;

revoke all on function
  private.failed_job_body(public.jobs),
  public.list_failed_jobs(jsonb),
  public.retry_failed_job(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.failed_job_body(public.jobs),
  public.list_failed_jobs(jsonb),
  public.retry_failed_job(jsonb)
to service_role;

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

-- The usage of everybody, for the operator: {query: {by: user | model | day, first_day?, last_day?, limit,
-- offset}}, by default of the last 30 days, days in UTC; the most tokens first, days in their order.
create function public.read_usage_of_all(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  query constant jsonb := request -> 'query';
  grouping constant text := coalesce(query ->> 'by', 'day');
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
      case grouping
        when 'user' then call.owner_id::text
        when 'model' then call.provider || ':' || call.model
        else to_char(call.created_at at time zone 'UTC', 'YYYY-MM-DD')
      end as name,
      count(*) as calls,
      sum(coalesce(call.input_tokens, 0)::bigint) as input_tokens,
      sum(call.output_tokens::bigint) as output_tokens,
      sum(call.cost_usd) as cost_usd
    from public.model_calls call
    where call.created_at >= begins and call.created_at < ends
    group by 1
  ), page as (
    select *, row_number() over (order by
      case when grouping = 'day' then name end,
      input_tokens + output_tokens desc, name) as place
    from used
  )
  select
    (select count(*) from used),
    (select jsonb_agg(jsonb_build_object(
        'name', name, 'calls', calls, 'input_tokens', input_tokens, 'output_tokens', output_tokens,
        'cost_usd', cost_usd) order by place)
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
