-- Brings the row of today up to date, if it is older than a few seconds and nobody else is doing it: the
-- ledger is read only from where the last call stopped.
create function private.read_deployment_usage() returns void
language plpgsql set search_path = '' as $$
declare
  valid_for constant interval := '5 seconds';
  -- Longer than any transaction that writes to the ledger (statement_timeout of service_role).
  settles_after constant interval := '2 minutes';
  moment constant timestamptz := clock_timestamp();
  today constant date := (moment at time zone 'UTC')::date;
  today_begins constant timestamptz := today::timestamp at time zone 'UTC';
  usage public.deployment_usage;
  settled_until timestamptz;
begin
  select * into usage from public.deployment_usage where day = today;
  if usage.read_at > moment - valid_for then
    return;
  end if;
  if usage.day is null then
    insert into public.deployment_usage (day, counted_until, read_at)
    values (today, today_begins, '-infinity')
    on conflict (day) do nothing;
  end if;
  select * into usage from public.deployment_usage where day = today for no key update skip locked;
  if not found or usage.read_at > moment - valid_for then
    return;
  end if;
  settled_until := greatest(usage.counted_until, moment - settles_after);
  update public.deployment_usage
  set counted_tokens = usage.counted_tokens + recorded.settled,
      counted_until = settled_until,
      recent_tokens = recorded.recent,
      reserved_tokens = (
        select coalesce(sum(greatest(reserved_tokens - used_tokens, 0)), 0)
        from public.plan_shares where settled_at is null),
      running_turns = (select count(*) from public.generations where status = 'streaming'),
      read_at = moment
  from (
    select
      coalesce(sum(coalesce(input_tokens, 0)::bigint + output_tokens)
        filter (where created_at < settled_until), 0) as settled,
      coalesce(sum(coalesce(input_tokens, 0)::bigint + output_tokens)
        filter (where created_at >= settled_until), 0) as recent
    from public.model_calls
    where created_at >= usage.counted_until
  ) recorded
  where day = today;
  -- The end of yesterday, when nothing can be added to it any more.
  update public.deployment_usage yesterday
  set counted_tokens = yesterday.counted_tokens + (
        select coalesce(sum(coalesce(input_tokens, 0)::bigint + output_tokens), 0)
        from public.model_calls
        where created_at >= yesterday.counted_until and created_at < today_begins),
      recent_tokens = 0, reserved_tokens = 0, counted_until = today_begins
  where yesterday.day = today - 1 and yesterday.counted_until < today_begins
    and today_begins < moment - settles_after;
end
$$;

-- Refuses when the deployment has used its tokens of the day or the month, guests first, or when too many turns
-- are running. Work that began in the last few seconds may not be counted yet.
create function private.check_deployment(limits jsonb, caller_kind text) returns void
language plpgsql set search_path = '' as $$
declare
  moment constant timestamptz := clock_timestamp();
  today constant date := (moment at time zone 'UTC')::date;
  -- The part of each limit that callers of this kind may use.
  fraction constant numeric := case caller_kind
    when 'guest' then least((limits ->> 'guest_percent')::numeric, 100) / 100 else 1 end;
  used record;
  resets_at timestamptz;
begin
  perform private.read_deployment_usage();
  select
    coalesce(sum(counted_tokens + recent_tokens + reserved_tokens) filter (where day = today), 0) as day,
    coalesce(sum(running_turns) filter (where day = today), 0) as running_turns,
    -- Reservations of earlier days are among those of today, or have become calls.
    coalesce(sum(counted_tokens + recent_tokens
      + case when day = today then reserved_tokens else 0 end), 0) as month
  into used
  from public.deployment_usage
  where day >= private.month_of(moment) and day <= today;
  resets_at := case
    when used.month >= (limits ->> 'tokens_a_month')::numeric * fraction
      then (private.month_of(moment) + interval '1 month') at time zone 'UTC'
    when used.day >= (limits ->> 'tokens_a_day')::numeric * fraction
      then (today + 1)::timestamp at time zone 'UTC'
  end;
  if resets_at is not null then
    perform private.refuse_by_limit('deployment', case caller_kind
        when 'guest' then 'This server has little capacity left: sign in, or come back later.'
        else 'This server has no capacity left: come back later, or ask its operator for more.' end,
      ceil(extract(epoch from resets_at - moment))::integer,
      jsonb_build_object('resets_at', private.iso(resets_at), 'tokens_a_day', limits -> 'tokens_a_day'));
  end if;
  if used.running_turns >= (limits ->> 'streams')::integer then
    perform private.refuse_by_limit('deployment',
      'This server is writing as many replies as it can: try again in a few seconds.', 5,
      jsonb_build_object('max_running', limits -> 'streams'));
  end if;
end
$$;

revoke all on function
  private.read_deployment_usage(),
  private.check_deployment(jsonb, text)
from public, anon, authenticated, service_role;
grant execute on function
  private.read_deployment_usage(),
  private.check_deployment(jsonb, text)
to service_role;
