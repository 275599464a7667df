-- Refuses a stream_id that belongs to another request.
create function private.refuse_stream() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(409, 'stream_exists',
    'This stream_id names another request: send this one under a new stream_id, or under none.');
end
$$;

-- The generation that this principal has begun with the same request, identified by its idempotency key or
-- else its stream_id; nulls when there is none. From here on both names are locked: of two concurrent first
-- requests the second waits, and then finds the turn of the first. Advisory locks, because a first turn has
-- no row to wait for, and the second request must not leave a session behind.
create function private.find_named_generation(principal_id uuid, request jsonb)
returns public.generations
language plpgsql set search_path = '' as $$
declare
  wanted_key text := request ->> 'idempotency_key';
  wanted_stream_id text := request ->> 'stream_id';
  generation public.generations;
begin
  if wanted_key is not null then
    perform pg_advisory_xact_lock(hashtextextended(principal_id::text || ' ' || wanted_key, 0));
    select * into generation from public.generations
    where owner_id = principal_id and idempotency_key = wanted_key;
    if generation.request_hash <> request ->> 'request_hash' then
      perform private.refuse(422, 'idempotency_key_reused',
        'This idempotency key has named another request: send this one under a new key.');
    end if;
  end if;
  if generation.generation_id is null and wanted_stream_id is not null then
    perform pg_advisory_xact_lock(
      hashtextextended(principal_id::text || ' ' || wanted_stream_id, 1));
    select * into generation from public.generations
    where owner_id = principal_id and stream_id = wanted_stream_id;
    if found and (generation.request_hash = request ->> 'request_hash') is not true then
      perform private.refuse_stream();
    end if;
  end if;
  return generation;
end
$$;

-- begin_turn's answer for the turn of a repeated request.
create function private.describe_repeated_turn(generation public.generations) returns jsonb
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
  question public.messages;
begin
  select * into session from public.sessions
  where session_id = generation.session_id and is_active;
  if not found then
    perform private.refuse(404, 'not_found',
      'The conversation of this turn has been deleted: send the request under a new name.');
  end if;
  select * into question from public.messages where message_id = generation.user_message_id;
  return private.describe_turn(session, question, generation) || jsonb_build_object(
    'created_session', generation.epoch = 1,
    'summary', null,
    'history', '[]'::jsonb,
    'replayed', true,
    'status', generation.status)
    || case when session.kind <> 'companion' then '{}' else private.describe_companion(
      session, private.visible_character(session.owner_id, session.character_id)) end;
end
$$;

revoke all on function
  private.refuse_stream(),
  private.find_named_generation(uuid, jsonb),
  private.describe_repeated_turn(public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.refuse_stream(),
  private.find_named_generation(uuid, jsonb),
  private.describe_repeated_turn(public.generations)
to service_role;
