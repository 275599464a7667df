-- Counts refusals by rate limits. It is a sequence, because a refusal rolls back everything else that its
-- transaction has written. (A crash of the server may skip up to 32.)
create sequence private.rate_limited as bigint;

grant usage, select on sequence private.rate_limited to service_role;

-- Counts one use of the action, or refuses: a burst of max_requests, then one more after each max_requests-th
-- part of the window. A refusal uses nothing; its hint has the seconds to wait. Returns {limit, remaining,
-- reset_s}: the size of the burst, how much of it is left, and after how many seconds all of it is available
-- again.
create function private.take_rate_limit(
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

revoke all on function private.take_rate_limit(uuid, text, integer, integer)
from public, anon, authenticated, service_role;
grant execute on function private.take_rate_limit(uuid, text, integer, integer) to service_role;
