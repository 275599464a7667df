-- Counts refusals by the scope of the limit. They are sequences, because a refusal rolls back everything else
-- that its transaction has written. (A crash of the server may skip up to 32.)
create sequence private.refused_for_caller as bigint;
create sequence private.refused_for_prefix as bigint;
create sequence private.refused_for_deployment as bigint;
create sequence private.refused_for_public_bot as bigint;

grant usage, select on sequence
  private.refused_for_caller, private.refused_for_prefix, private.refused_for_deployment,
  private.refused_for_public_bot
to service_role;

-- Refuses a call because of a limit of its caller, its prefix, its public bot, or the deployment: 429
-- rate_limited, or 503 capacity_exceeded if it is the deployment's. The message says what the caller may do. The
-- limit is one of the members: max_requests, max_new_guests, max_running, max_open_jobs or tokens_a_day.
create function private.refuse_by_limit(
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

revoke all on function private.refuse_by_limit(text, text, integer, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.refuse_by_limit(text, text, integer, jsonb) to service_role;
