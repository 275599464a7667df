-- The number under `bot_id`, from a body or as text from a path; null when it is absent.
create function private.read_bot_id(request jsonb) returns bigint
language plpgsql stable set search_path = '' as $$
declare
  max_id constant numeric := 9223372036854775807;
  value constant text := request ->> 'bot_id';
begin
  if value !~ '^[1-9][0-9]{0,18}$' or value::numeric > max_id then
    perform private.refuse(400, 'invalid_id', 'bot_id must be a whole number from 1 on.');
  end if;
  return value::bigint;
end
$$;

-- A bot as this principal sees it: only its owner sees instructions and address, nobody sees the
-- key. Everybody who may use it sees the host that gets their words; null: the provider's own.
create function private.describe_bot(bot public.bots, principal_id uuid) returns jsonb
language sql stable
return jsonb_build_object(
  'bot_id', bot.bot_id,
  'user_id', bot.owner_id,
  'name', bot.name,
  'provider', bot.provider,
  'model', bot.model,
  'system', case when bot.owner_id = principal_id then bot.system end,
  'access_path', case when bot.owner_id = principal_id then bot.access_path end,
  'has_access_key', case when bot.owner_id = principal_id
    then exists (select from private.bot_keys bot_key where bot_key.bot_id = bot.bot_id) end,
  'host', lower(substring(bot.access_path from '^[a-zA-Z]+://([^/?#]+)')),
  'is_public', bot.is_public,
  'created_at', private.iso(bot.created_at),
  'updated_at', private.iso(bot.updated_at));

-- Refuses a bot that does not exist, or belongs to another user and is not public.
create function private.refuse_bot() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such bot: list the bots to see which there are.');
end
$$;

-- Refuses members of a bot that cannot be stored. Absent ones are accepted.
create function private.check_bot(body jsonb) returns void
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

revoke all on function
  private.read_bot_id(jsonb),
  private.describe_bot(public.bots, uuid),
  private.refuse_bot(),
  private.check_bot(jsonb),
  private.check_encrypted_key(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.read_bot_id(jsonb),
  private.describe_bot(public.bots, uuid),
  private.refuse_bot(),
  private.check_bot(jsonb),
  private.check_encrypted_key(jsonb)
to service_role;
