-- Bots' own keys are encrypted at rest; public bots have a limit of their own, and where they are hidden nobody
-- learns that they exist. Like the schema files.

alter table private.bot_keys
  drop constraint bot_keys_access_key_check,
  add constraint bot_keys_access_key_check check (char_length(access_key) between 1 and 5499),
  add column encryption_key_id text check (encryption_key_id ~ '^[0-9a-f]{16}$');

-- For reserve_bot_id and save_bot.
grant usage on sequence public.bots_bot_id_seq to service_role;

create sequence private.refused_for_public_bot as bigint;
grant usage, select on sequence private.refused_for_public_bot to service_role;

drop function private.save_bot_key(bigint, jsonb);
drop function private.open_bot(uuid, bigint);

-- Refuses an encrypted key that cannot be one.
create function private.check_encrypted_key(encrypted jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  if coalesce(encrypted ->> 'key_id', '') !~ '^[0-9a-f]{16}$'
    or coalesce(encrypted ->> 'ciphertext', '') !~ '^[A-Za-z0-9_-]+$'
    or char_length(encrypted ->> 'ciphertext') not between 39 and 5499
  then
    perform private.refuse(422, 'invalid_request', 'encrypted_key must have a key_id and a ciphertext.');
  end if;
end
$$;

-- Refuses members of a bot that cannot be stored. Absent ones are accepted.
create or replace function private.check_bot(body jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  if jsonb_typeof(body) <> 'object' then
    perform private.refuse(422, 'invalid_request', 'The body must be an object.');
  end if;
  if body ? 'name' and char_length(btrim(body ->> 'name')) between 1 and 200 is not true then
    perform private.refuse(422, 'invalid_request', 'name must have 1 to 200 characters.');
  end if;
  if body ? 'model' and char_length(btrim(body ->> 'model')) between 1 and 256 is not true then
    perform private.refuse(422, 'invalid_request',
      'model must be the provider''s name of a model, 1 to 256 characters.');
  end if;
  if body ? 'is_public' and jsonb_typeof(body -> 'is_public') <> 'boolean' then
    perform private.refuse(422, 'invalid_request', 'is_public must be true or false.');
  end if;
  perform private.read_profile_text(body, 'provider', 64, '', 'text of 1 to 64 characters');
  -- Bytes are limited where it is stored: 4 of them are the most that a character has.
  perform private.read_profile_text(body, 'system', 50000, '', 'text of 1 to 50000 characters');
  perform private.read_profile_text(body, 'access_path', 2048, '^https?://[^[:space:]]+$',
    'an http or https URL of at most 2048 characters');
  if jsonb_typeof(body -> 'access_key') <> 'null' then
    perform private.refuse(422, 'invalid_request', 'access_key must be null: a key is sent encrypted.');
  end if;
end
$$;

-- Stores the encrypted key of a request, or removes the key if the body's access_key is null.
create function private.save_bot_key(changed_id bigint, request jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  encrypted constant jsonb := request -> 'encrypted_key';
begin
  if encrypted is not null then
    perform private.check_encrypted_key(encrypted);
    insert into private.bot_keys (bot_id, access_key, encryption_key_id)
    values (changed_id, encrypted ->> 'ciphertext', encrypted ->> 'key_id')
    on conflict (bot_id) do update
    set access_key = excluded.access_key, encryption_key_id = excluded.encryption_key_id;
  elsif request -> 'body' -> 'access_key' = 'null' then
    delete from private.bot_keys where bot_id = changed_id;
  end if;
end
$$;

-- A number for a bot that the principal is about to make, because its key is encrypted for this bot alone:
-- {principal}. Returns {bot_id}.
create function public.reserve_bot_id(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
begin
  perform private.resolve_principal(request -> 'principal');
  return jsonb_build_object('bot_id', nextval('public.bots_bot_id_seq'));
end
$$;

-- Creates a bot of the principal's: {principal, body: {name, provider, model, system, access_path,
-- access_key, is_public}}, of which only the model is required. Without a name it has the model's
-- name. With a key also {bot_id, encrypted_key: {key_id, ciphertext}}: the reserved number, and the key as the
-- edge has encrypted it for that; the body's access_key is null or absent.
create or replace function public.save_bot(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  body constant jsonb := '{"model": null}' || coalesce(request -> 'body', '{}');
  bot public.bots;
begin
  perform private.check_bot(body);
  insert into public.bots (bot_id, owner_id, name, provider, model, system, access_path, is_public)
  overriding system value
  values (
    coalesce(private.read_bot_id(request), nextval('public.bots_bot_id_seq')), principal_id, coalesce(btrim(body ->> 'name'), left(btrim(body ->> 'model'), 200)),
    btrim(body ->> 'provider'), btrim(body ->> 'model'), btrim(body ->> 'system'),
    btrim(body ->> 'access_path'), coalesce((body ->> 'is_public')::boolean, false))
  returning * into bot;
  perform private.save_bot_key(bot.bot_id, request);
  return private.answer(
    private.describe_bot(bot, principal_id), 201, private.version_of(bot.updated_at));
end
$$;

-- The bot, locked until the transaction ends, if the principal may change it. One that they may not see is
-- refused like an unknown one.
create function private.open_bot(
  principal_id uuid, wanted_id bigint, hides_public_bots boolean default false
) returns public.bots
language plpgsql set search_path = '' as $$
declare
  bot public.bots := private.visible_bot(principal_id, wanted_id, hides_public_bots);
begin
  if bot.owner_id <> principal_id then
    perform private.refuse(403, 'forbidden',
      'This bot is another''s: create one of your own, and change that.');
  end if;
  select * into bot from public.bots
  where bot_id = wanted_id and owner_id = principal_id
  for no key update;
  if not found then
    perform private.refuse_bot();
  end if;
  return bot;
end
$$;

-- Changes the members in body: {principal, bot_id, if_match, hides_public_bots, body: as save_bot's}. Absent
-- members stay unchanged; null removes provider, system, access_path and access_key. encrypted_key, as
-- save_bot's, is a new key.
create or replace function public.update_bot(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  body constant jsonb := coalesce(request -> 'body', '{}');
  bot public.bots := private.open_bot(
    principal_id, private.read_bot_id(request), (request ->> 'hides_public_bots')::boolean);
begin
  perform private.check_version(request ->> 'if_match', private.version_of(bot.updated_at));
  perform private.check_bot(body);
  update public.bots
  set name = coalesce(btrim(body ->> 'name'), name),
      provider = case when body ? 'provider' then btrim(body ->> 'provider') else provider end,
      model = coalesce(btrim(body ->> 'model'), model),
      system = case when body ? 'system' then btrim(body ->> 'system') else system end,
      access_path = case
        when body ? 'access_path' then btrim(body ->> 'access_path') else access_path
      end,
      is_public = coalesce((body ->> 'is_public')::boolean, is_public)
  where bot_id = bot.bot_id
  returning * into bot;
  perform private.save_bot_key(bot.bot_id, request);
  return private.answer(
    private.describe_bot(bot, principal_id), etag => private.version_of(bot.updated_at));
end
$$;

-- Deletes a bot with its key: {principal, bot_id, if_match, hides_public_bots}. Its messages stay.
create or replace function public.delete_bot(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  bot public.bots;
begin
  bot := private.open_bot(
    private.resolve_principal(request -> 'principal'), private.read_bot_id(request),
    (request ->> 'hides_public_bots')::boolean);
  perform private.check_version(request ->> 'if_match', private.version_of(bot.updated_at));
  delete from public.bots where bot_id = bot.bot_id;
  return private.answer('{"message": "The bot is deleted; its conversations stay."}');
end
$$;

-- A bot's key as it is stored: {key_id, ciphertext}, or the plain text that an earlier version has stored.
create function private.stored_key(bot_key private.bot_keys) returns jsonb
language sql stable
return case when bot_key.encryption_key_id is null then to_jsonb(bot_key.access_key)
  else jsonb_build_object('key_id', bot_key.encryption_key_id, 'ciphertext', bot_key.access_key) end;

-- A bot for the edge, with the members that its users must not see. Only for begin_turn.
create or replace function private.bot_to_ask(bot public.bots) returns jsonb
language sql stable
return jsonb_build_object(
  'bot_id', bot.bot_id,
  'provider', bot.provider,
  'model', bot.model,
  'system', bot.system,
  'access_path', bot.access_path,
  'access_key', (
    select private.stored_key(bot_key) from private.bot_keys bot_key where bot_key.bot_id = bot.bot_id));

-- Differs for each key, and tells nothing about it.
create function private.key_version(bot_key private.bot_keys) returns text
language sql stable
return encode(sha256(convert_to(
  concat(bot_key.encryption_key_id, ' ', bot_key.access_key), 'UTF8')), 'hex');

-- Keys that are not encrypted with a given encryption key, in the order of their bots: {key_id, after_bot_id,
-- max_keys}. Returns {keys: [{bot_id, access_key, version}], left}: at most max_keys of bots after
-- after_bot_id, access_key as private.stored_key, and how many there are of all bots.
create function public.read_outdated_bot_keys(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  newest constant text := request ->> 'key_id';
  max_keys constant integer := least((request ->> 'max_keys')::integer, 1000);
  first_after constant bigint := (request ->> 'after_bot_id')::bigint;
begin
  return jsonb_build_object(
    'left', (
      select count(*) from private.bot_keys where encryption_key_id is distinct from newest),
    'keys', coalesce((
      select jsonb_agg(jsonb_build_object(
          'bot_id', outdated.bot_id,
          'access_key', private.stored_key(outdated),
          'version', private.key_version(outdated)) order by outdated.bot_id)
      from (
        select * from private.bot_keys
        where bot_id > first_after and encryption_key_id is distinct from newest
        order by bot_id
        limit max_keys
      ) outdated), '[]'));
end
$$;

-- Replaces keys that have not changed since they were read: {keys: [{bot_id, version, encrypted_key: {key_id,
-- ciphertext}}]}. Returns {replaced}: how many. A key that another transaction is changing stays, without
-- waiting for it.
create function public.replace_bot_keys(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  replaced integer;
begin
  perform private.check_encrypted_key(entry -> 'encrypted_key')
  from jsonb_array_elements(request -> 'keys') entry;
  with unchanged as (
    select bot_key.bot_id, entry -> 'encrypted_key' as encrypted
    from jsonb_array_elements(request -> 'keys') entry
    join private.bot_keys bot_key
      on bot_key.bot_id = (entry ->> 'bot_id')::bigint
      and private.key_version(bot_key) = entry ->> 'version'
    for update of bot_key skip locked
  )
  update private.bot_keys stored
  set access_key = unchanged.encrypted ->> 'ciphertext',
      encryption_key_id = unchanged.encrypted ->> 'key_id'
  from unchanged
  where stored.bot_id = unchanged.bot_id;
  get diagnostics replaced = row_count;
  return jsonb_build_object('replaced', replaced);
end
$$;

revoke all on function
  private.check_encrypted_key(jsonb),
  private.save_bot_key(bigint, jsonb),
  public.reserve_bot_id(jsonb),
  private.open_bot(uuid, bigint, boolean),
  private.stored_key(private.bot_keys),
  private.key_version(private.bot_keys),
  public.read_outdated_bot_keys(jsonb),
  public.replace_bot_keys(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_encrypted_key(jsonb),
  private.save_bot_key(bigint, jsonb),
  public.reserve_bot_id(jsonb),
  private.open_bot(uuid, bigint, boolean),
  private.stored_key(private.bot_keys),
  private.key_version(private.bot_keys),
  public.read_outdated_bot_keys(jsonb),
  public.replace_bot_keys(jsonb)
to service_role;

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
create or replace function private.admission_limits(request jsonb) returns jsonb
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

-- Refuses a call because of a limit of its caller, its prefix, its public bot, or the deployment: 429 rate_limited, or 503
-- capacity_exceeded if it is the deployment's. The message says what the caller may do.
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
  perform private.refuse_with(
    case scope when 'deployment' then 503 else 429 end,
    case scope when 'deployment' then 'capacity_exceeded' else 'rate_limited' end,
    message, members || jsonb_build_object('scope', scope), retry_after_s);
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
create or replace function private.admit(request jsonb) returns uuid
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

revoke all on function
  private.admit_to_public_bot(jsonb, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.admit_to_public_bot(jsonb, jsonb)
to service_role;

select private.align_grants_with_policies();
