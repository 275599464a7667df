-- Admission: whether a caller may begin something that spends. Each function that is a caller's first call of
-- something that spends calls private.admit instead of private.resolve_principal, in its own transaction. A
-- refusal undoes that transaction, so that it makes no principal and stores nothing. Counters are locked
-- before everything else, in the order prefix, deployment, public bot, then the caller's after the principal.
--
-- The functions send with {principal}, in begin_turn, start_job, retry_step, start_import, begin_story,
-- begin_story_illustrations, open_realtime_session and create_guest:
--   admission  {prefix, guests, limits}; {} has all defaults; without it nothing is asked
--     prefix   text of at most 64 characters, the HMAC of the caller's network (IPv4 /24, IPv6 /56), made with
--              the server's secret from the platform's own address of the client; absent if that is unknown
--     guests   false refuses guests (FABULA_GUESTS=off); the default is true
--     limits   {guest, user, key, prefix, public_bot, deployment}, each with the members of private.admission_limits that
--              the settings change
-- Refusals, with a message that says what may be done:
--   401 missing_credentials   guests are off
--   403 account_suspended     see private.suspend_principal
--   429 rate_limited          the caller's, the prefix's or the public bot's limit; Retry-After, member scope:
--                             caller, prefix or public_bot
--   429 plan_exceeded         the caller's plan (private.take_share)
--   503 capacity_exceeded     the deployment's limit; Retry-After, member scope: deployment

-- Refuses guests where the deployment has none.
create function private.check_guests(request jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  if private.kind_of_caller(request -> 'principal') = 'guest'
    and not coalesce((request #>> '{admission,guests}')::boolean, true)
  then
    perform nextval('private.refused_for_caller');
    perform private.refuse(401, 'missing_credentials',
      'This server serves no guests: sign in, and send that token as the bearer.');
  end if;
end
$$;

-- Takes what is counted for a prefix: a request, and a guest if one is made.
create function private.admit_prefix(prefix text, limits jsonb, makes_guest boolean) returns void
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
create function private.admit_to_deployment(limits jsonb, caller_kind text, makes_guest boolean) returns void
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

-- Takes what is counted for the public bot that is to answer, unless it is the caller's own: its owner's
-- address and key, or the deployment's, pay for it, whoever asks.
create function private.admit_to_public_bot(request jsonb, limits jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  wanted_id constant bigint := private.read_bot_id(request);
  wait_seconds integer;
begin
  if wanted_id is null or (request ->> 'hides_public_bots')::boolean then
    return;
  end if;
  -- The principal is not resolved yet: counters are locked before it.
  if exists (
    select from public.bots
    where bot_id = wanted_id and is_public
      and owner_id is distinct from (private.find_principal(request -> 'principal')).id)
  then
    wait_seconds := private.take_admission('public_bot:' || wanted_id,
      (limits ->> 'requests')::integer, (limits ->> 'window_seconds')::integer);
    if wait_seconds > 0 then
      perform private.refuse_by_limit('public_bot', format(
        'Too many people ask this public bot: try again in %s s, or ask a bot of your own.', wait_seconds),
        wait_seconds, jsonb_build_object('max_requests', limits -> 'requests'));
    end if;
  end if;
end
$$;

-- Admits the caller of a request, or refuses; the principal's id, as private.resolve_principal.
create function private.admit(request jsonb) returns uuid
language plpgsql set search_path = '' as $$
declare
  caller constant jsonb := request -> 'principal';
  caller_kind constant text := private.kind_of_caller(caller);
  limits jsonb;
  makes_guest boolean;
  principal_id uuid;
begin
  if not private.is_admission_asked(request) then
    return private.resolve_principal(caller);
  end if;
  perform private.check_guests(request);
  limits := private.admission_limits(request);
  -- A first call that is repeated has its guest.
  makes_guest := caller ->> 'kind' = 'new_guest' and (private.find_principal(caller)).id is null;
  perform private.admit_prefix(request #>> '{admission,prefix}', limits -> 'prefix', makes_guest);
  perform private.admit_to_deployment(limits -> 'deployment', caller_kind, makes_guest);
  perform private.admit_to_public_bot(request, limits -> 'public_bot');
  principal_id := private.resolve_principal(caller);
  -- Its lock makes a caller's first calls come one after another.
  perform private.take_rate_limit(principal_id, 'admission',
    (limits #>> array[caller_kind, 'requests'])::integer,
    (limits #>> array[caller_kind, 'window_seconds'])::integer);
  return principal_id;
end
$$;

create function private.is_admission_asked(request jsonb) returns boolean
language sql immutable parallel safe
return jsonb_typeof(request -> 'admission') is not distinct from 'object';

-- One of the limits for the caller of a request; null if there is none, or no admission is asked.
create function private.limit_of_caller(request jsonb, name text) returns bigint
language plpgsql immutable set search_path = '' as $$
begin
  if not private.is_admission_asked(request) then
    return null;
  end if;
  return (private.admission_limits(request)
    #>> array[private.kind_of_caller(request -> 'principal'), name])::bigint;
end
$$;

-- Refuses when the caller has used their tokens of the day: the ledger's since midnight UTC, and what is
-- reserved. The caller's row of principal_plans is locked, and the new reservation is taken.
create function private.check_tokens_of_day(principal_id uuid, request jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  max_tokens constant bigint := private.limit_of_caller(request, 'tokens_a_day');
  moment constant timestamptz := clock_timestamp();
  midnight constant timestamptz := date_trunc('day', moment, 'UTC');
  spent bigint;
begin
  if max_tokens is null then
    return;
  end if;
  spent := (
    select coalesce(sum(coalesce(input_tokens, 0)::bigint + output_tokens), 0)
    from public.model_calls
    where owner_id = principal_id and created_at >= midnight)
    + (
    select coalesce(sum(greatest(share.reserved_tokens - share.used_tokens, 0)), 0)
    from public.plan_shares share
    where share.owner_id = principal_id and share.settled_at is null);
  if spent > max_tokens then
    perform private.refuse_by_limit('caller', format(
        'You have used the %s tokens that you may use in a day: ask for less, or wait until %s, or until what is '
        'running has ended%s.',
        max_tokens, private.iso(midnight + interval '1 day'),
        case private.kind_of_caller(request -> 'principal') when 'guest' then ', or sign in' else '' end),
      ceil(extract(epoch from midnight + interval '1 day' - moment))::integer,
      jsonb_build_object('tokens_a_day', max_tokens, 'resets_at', private.iso(midnight + interval '1 day')));
  end if;
end
$$;

revoke all on function
  private.check_guests(jsonb),
  private.admit_prefix(text, jsonb, boolean),
  private.admit_to_deployment(jsonb, text, boolean),
  private.admit_to_public_bot(jsonb, jsonb),
  private.admit(jsonb),
  private.is_admission_asked(jsonb),
  private.limit_of_caller(jsonb, text),
  private.check_tokens_of_day(uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_guests(jsonb),
  private.admit_prefix(text, jsonb, boolean),
  private.admit_to_deployment(jsonb, text, boolean),
  private.admit_to_public_bot(jsonb, jsonb),
  private.admit(jsonb),
  private.is_admission_asked(jsonb),
  private.limit_of_caller(jsonb, text),
  private.check_tokens_of_day(uuid, jsonb)
to service_role;
