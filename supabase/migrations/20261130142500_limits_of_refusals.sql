-- Each refusal by a limit tells the limit and the time to wait.

-- Refuses a call because of a limit of its caller, its prefix, or the deployment: 429 rate_limited, or 503
-- capacity_exceeded if it is the deployment's. The message says what the caller may do. The limit is one of the
-- members: max_requests, max_new_guests, max_running, max_open_jobs or tokens_a_day.
create or replace function private.refuse_by_limit(
  scope text, message text, retry_after_s integer, members jsonb default '{}'
) returns void
language plpgsql set search_path = '' as $$
begin
  case scope
    when 'caller' then perform nextval('private.refused_for_caller');
    when 'prefix' then perform nextval('private.refused_for_prefix');
    when 'public_bot' then perform nextval('private.refused_for_public_bot');
    else perform nextval('private.refused_for_deployment');
  end case;
  perform private.refuse(
    case scope when 'deployment' then 503 else 429 end,
    case scope when 'deployment' then 'capacity_exceeded' else 'rate_limited' end,
    message,
    jsonb_build_object(
      'retry_after_s', retry_after_s,
      'members', members || jsonb_build_object('scope', scope),
      'limit', coalesce(members -> 'max_requests', members -> 'max_new_guests', members -> 'max_running',
        members -> 'max_open_jobs', members -> 'tokens_a_day'))::text);
end
$$;

-- Takes what is counted for a prefix: a request, and a guest if one is made.
create or replace function private.admit_prefix(prefix text, limits jsonb, makes_guest boolean) returns void
language plpgsql set search_path = '' as $$
declare
  wait_seconds integer;
begin
  if prefix is null then
    return;
  end if;
  if char_length(prefix) not between 1 and 64 then
    perform private.refuse(422, 'invalid_request', 'admission.prefix must have 1 to 64 characters.');
  end if;
  wait_seconds := private.take_admission(
    'prefix:' || prefix, (limits ->> 'requests')::integer, (limits ->> 'window_seconds')::integer);
  if wait_seconds > 0 then
    perform private.refuse_by_limit('prefix', format(
      'Too many requests from your network: try again in %s s.', wait_seconds), wait_seconds,
      jsonb_build_object('max_requests', limits -> 'requests'));
  end if;
  if makes_guest then
    wait_seconds := private.take_admission(
      'new_guests:' || prefix, (limits ->> 'new_guests')::integer, (limits ->> 'guest_window_seconds')::integer);
    if wait_seconds > 0 then
      perform private.refuse_by_limit('prefix', format(
        'Too many new guests from your network: go on with the token of an earlier one, sign in, or try again '
        'in %s s.', wait_seconds), wait_seconds,
        jsonb_build_object('max_new_guests', limits -> 'new_guests'));
    end if;
  end if;
end
$$;

-- Takes what is counted for the deployment: a request, guests' from their part of it, and a guest if one is
-- made.
create or replace function private.admit_to_deployment(limits jsonb, caller_kind text, makes_guest boolean) returns void
language plpgsql set search_path = '' as $$
declare
  wait_seconds integer;
begin
  perform private.check_deployment(limits, caller_kind);
  wait_seconds := private.take_admission(
    'deployment', (limits ->> 'requests')::integer, (limits ->> 'window_seconds')::integer);
  if wait_seconds = 0 and caller_kind = 'guest' then
    wait_seconds := private.take_admission(
      'deployment_guests', (limits ->> 'guest_requests')::integer, (limits ->> 'window_seconds')::integer);
  end if;
  if wait_seconds > 0 then
    perform private.refuse_by_limit('deployment', format(
      'This server is busy: try again in %s s.', wait_seconds), wait_seconds,
      jsonb_build_object('max_requests', limits -> 'requests'));
  end if;
  if makes_guest then
    wait_seconds := private.take_admission(
      'new_guests', (limits ->> 'new_guests')::integer, (limits ->> 'guest_window_seconds')::integer);
    if wait_seconds > 0 then
      perform private.refuse_by_limit('deployment', format(
        'This server takes no new guests now: sign in, or try again in %s s.', wait_seconds), wait_seconds,
        jsonb_build_object('max_new_guests', limits -> 'new_guests'));
    end if;
  end if;
end
$$;

-- Refuses when the deployment has used its tokens of the day or the month, guests first, or when too many turns
-- are running. Work that began in the last few seconds may not be counted yet.
create or replace function private.check_deployment(limits jsonb, caller_kind text) returns void
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

-- Refuses when the owner has reached the limit of open jobs: this one, or by default 200.
create or replace function private.check_open_jobs(principal_id uuid, wanted_limit integer default null) returns void
language plpgsql set search_path = '' as $$
declare
  max_open_jobs constant integer := coalesce(wanted_limit, 200);
begin
  if (
    select count(*) >= max_open_jobs
    from (
      select from public.jobs
      where owner_id = principal_id and status in ('queued', 'running', 'paused')
      limit max_open_jobs
    ) open)
  then
    perform private.refuse_by_limit('caller', format(
      '%s jobs of yours are open: wait until one has ended, or cancel one.', max_open_jobs),
      60, jsonb_build_object('max_open_jobs', max_open_jobs));
  end if;
end
$$;

-- Counts one use of the action, or refuses: a burst of max_requests, then one more after each max_requests-th
-- part of the window. A refusal uses nothing; its hint has the seconds to wait. Returns {limit, remaining,
-- reset_s}: the size of the burst, how much of it is left, and after how many seconds all of it is available
-- again.
create or replace function private.take_rate_limit(
  principal_id uuid, action text, max_requests integer, window_seconds integer
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  cost interval;
  -- The sum of the costs, because rounding could make the window smaller than it.
  allowance interval;
  used interval;
  taken_at timestamptz;
  wait_seconds integer;
  bucket public.rate_limits;
begin
  if max_requests is null or max_requests < 1 or window_seconds is null or window_seconds < 1 then
    perform private.refuse(422, 'invalid_request',
      'A rate limit must be at least one request in at least one second.');
  end if;
  cost := make_interval(secs => window_seconds::double precision / max_requests);
  allowance := cost * max_requests;

  -- The principal is locked before their rows, as everywhere, so that a transaction that has locked the
  -- principal need not wait for these rows.
  perform private.hold_principal(principal_id);

  -- At most twice: a concurrent first use may have inserted the row.
  for attempt in 1..2 loop
    select * into bucket from public.rate_limits limited
    where limited.owner_id = principal_id and limited.action = take_rate_limit.action
    for no key update;
    taken_at := clock_timestamp();
    used := greatest(bucket.full_at - taken_at, interval '0') + cost;
    if found then
      if used > allowance then
        wait_seconds := ceil(extract(epoch from used - allowance));
        perform nextval('private.rate_limited');
        perform private.refuse(429, 'rate_limited',
          format('Too many requests: try again in %s s.', wait_seconds),
          jsonb_build_object('retry_after_s', wait_seconds, 'limit', max_requests)::text);
      end if;
      update public.rate_limits limited
      set full_at = greatest(bucket.full_at, taken_at) + cost
      where limited.owner_id = principal_id and limited.action = take_rate_limit.action;
      exit;
    end if;
    insert into public.rate_limits (owner_id, action, full_at)
    values (principal_id, take_rate_limit.action, taken_at + cost)
    on conflict do nothing;
    exit when found;
  end loop;
  return jsonb_build_object(
    'limit', max_requests,
    'remaining', floor(extract(epoch from allowance - used) / extract(epoch from cost)),
    'reset_s', ceil(extract(epoch from used)));
end
$$;

-- Reserves the share that a job or a turn has of its owner's plan, or refuses with 429 plan_exceeded and
-- {usage, reserved, limit, resets_at}. It is added to a share that the job has open. Call it after all other
-- locks of the transaction, including the job's; code that settles shares never waits for its lock. The share
-- is settled when the job or the turn ends (settle_share.sql, turn_shares.sql).
create or replace function private.take_share(
  owner_id uuid, source_id uuid, calls integer, tokens bigint, images integer, is_added_up boolean default false
) returns void
language plpgsql set search_path = '' as $$
declare
  -- Longer than a job's calls are reported late, and than anybody asks what was used.
  lifetime constant interval := '13 months';
  this_month date;
  taken jsonb;
  asked constant jsonb := jsonb_build_object('calls', calls, 'tokens', tokens, 'images', images);
  lacking text;
begin
  perform private.hold_plan(take_share.owner_id);
  this_month := private.month_of(clock_timestamp());
  taken := private.plan_usage(take_share.owner_id, this_month);
  select string_agg(needed.key, ' and ' order by needed.key) into lacking
  from jsonb_each_text(asked) needed
  where needed.value::numeric > 0
    and (taken -> 'usage' ->> needed.key)::numeric + (taken -> 'reserved' ->> needed.key)::numeric
      + needed.value::numeric > (taken -> 'limit' ->> needed.key)::numeric;
  if lacking is not null then
    perform private.refuse(429, 'plan_exceeded', format(
        'Your plan %s has too few %s left in this month: ask for less, or wait until %s, or until what is '
        'running has ended, or ask for a larger plan.',
        taken ->> 'plan', lacking, taken ->> 'resets_at'),
      jsonb_build_object(
        'retry_after_s',
        ceil(extract(epoch from (taken ->> 'resets_at')::timestamptz - clock_timestamp()))::integer,
        'members', taken - 'month',
        'limit', taken -> 'limit' -> split_part(lacking, ' ', 1),
        'remaining', greatest(0,
          (taken -> 'limit' ->> split_part(lacking, ' ', 1))::numeric
          - (taken -> 'usage' ->> split_part(lacking, ' ', 1))::numeric
          - (taken -> 'reserved' ->> split_part(lacking, ' ', 1))::numeric))::text);
  end if;
  delete from public.plan_shares old
  where old.owner_id = take_share.owner_id and old.month < this_month - lifetime
    and old.settled_at is not null;
  insert into public.plan_shares as share (
    source_id, month, owner_id, reserved_calls, reserved_tokens, reserved_images, is_added_up)
  values (
    take_share.source_id, this_month, take_share.owner_id, take_share.calls, take_share.tokens,
    take_share.images, take_share.is_added_up)
  on conflict on constraint plan_shares_pkey do update
  set reserved_calls = excluded.reserved_calls
        + case when share.settled_at is null then share.reserved_calls else share.used_calls end,
      reserved_tokens = excluded.reserved_tokens
        + case when share.settled_at is null then share.reserved_tokens else share.used_tokens end,
      reserved_images = excluded.reserved_images
        + case when share.settled_at is null then share.reserved_images else share.used_images end,
      settled_at = null, is_added_up = excluded.is_added_up;
end
$$;

-- Refuses with 429 plan_exceeded if this transaction, which has stored its rows, makes the principal store more
-- than their plan allows; the refusal undoes it. Call it after all other locks. A transaction that has
-- added less than least_added is not refused: with 1 a full plan still allows changes that add nothing.
create or replace function private.check_stored_bytes(principal_id uuid, least_added bigint default 1) returns void
language plpgsql set search_path = '' as $$
declare
  -- So few that adding them up costs less than making one row of them.
  max_changes constant integer := 64;
  retry_after_s constant integer := 3600;
  taken jsonb;
  added bigint;
  changes bigint;
begin
  perform private.hold_plan(principal_id);
  select coalesce(sum(bytes) filter (where transaction_id = pg_current_xact_id()), 0), count(*)
  into added, changes
  from public.stored_byte_changes where owner_id = principal_id;
  if added >= least_added then
    taken := private.plan_usage(principal_id, private.month_of(clock_timestamp()));
    if (taken #>> '{stored,bytes}')::bigint > (taken #>> '{stored,limit_bytes}')::bigint then
      perform private.refuse(429, 'plan_exceeded', format(
          'Your plan %s has room for %s bytes of text, and with this you would store %s: delete conversations, '
          'projects or characters, send less, or ask for a larger plan.',
          taken ->> 'plan', taken #>> '{stored,limit_bytes}', taken #>> '{stored,bytes}'),
        jsonb_build_object(
          'retry_after_s', retry_after_s, 'members', taken - 'month',
          'limit', taken #> '{stored,limit_bytes}',
          'remaining', greatest(0, (taken #>> '{stored,limit_bytes}')::bigint
            - (taken #>> '{stored,bytes}')::bigint + added))::text);
    end if;
  end if;
  if changes > max_changes then
    perform private.add_up_stored_bytes(principal_id);
  end if;
end
$$;

-- Ends the call with SQLSTATE PTnnn, which PostgREST turns into that HTTP status. The message tells the
-- caller what to do; the code is one of shared/result/error_code.cpp; the hint is empty, or the seconds to
-- wait before trying again, or {"retry_after_s", "members", "limit", "remaining"}: also further members for the
-- caller, and for the headers RateLimit-* the limit that is reached, and how much of it is left, 0 if absent.
create or replace function private.refuse(status integer, code text, message text, hint text default '')
returns void
language plpgsql set search_path = '' as $$
begin
  raise exception using
    errcode = 'PT' || status, message = refuse.message, detail = code, hint = refuse.hint;
end
$$;

