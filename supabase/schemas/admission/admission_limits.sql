-- The limits of admission: the deployment's settings, and these where a setting is absent. For callers of each
-- kind, for a network prefix, for the deployment, and for a public bot, of which others than its owner ask:
--   requests in window_seconds    first calls of anything that spends
--   streams                       replies that are written at the same time
--   open_jobs                     jobs that have not ended
--   tokens_a_day                  input and output, since midnight UTC; null: no limit beside the plan
--   new_guests in guest_window_seconds
-- and of the deployment also
--   guest_requests                those of its requests that guests may use up
--   tokens_a_month
--   guest_percent                 how much of its tokens must be used before guests are refused
create function private.admission_limits(request jsonb) returns jsonb
language sql immutable set search_path = '' as $$
  select jsonb_object_agg(scope.key, scope.value
    || jsonb_strip_nulls(coalesce(nullif(request #> array['admission', 'limits', scope.key], 'null'), '{}')))
  from jsonb_each('{
    "guest": {"requests": 60, "window_seconds": 60, "streams": 4, "open_jobs": 20, "tokens_a_day": 300000},
    "user": {"requests": 300, "window_seconds": 60, "streams": 50, "open_jobs": 200},
    "key": {"requests": 3000, "window_seconds": 60, "streams": 500, "open_jobs": 200},
    "prefix": {"requests": 600, "window_seconds": 60, "new_guests": 30, "guest_window_seconds": 3600},
    "public_bot": {"requests": 300, "window_seconds": 3600},
    "deployment": {"requests": 12000, "window_seconds": 60, "guest_requests": 6000, "new_guests": 2000,
      "guest_window_seconds": 3600, "streams": 2000, "tokens_a_day": 100000000,
      "tokens_a_month": 1000000000, "guest_percent": 80}
  }') scope;
$$;

-- The kind of a caller for the limits: guest, user, or key for a server that has the secret key.
create function private.kind_of_caller(caller jsonb) returns text
language sql immutable parallel safe
return case caller ->> 'kind'
  when 'guest' then 'guest' when 'new_guest' then 'guest' when 'named' then 'key' else 'user' end;

revoke all on function
  private.admission_limits(jsonb),
  private.kind_of_caller(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.admission_limits(jsonb),
  private.kind_of_caller(jsonb)
to service_role;
