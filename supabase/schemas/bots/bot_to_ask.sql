-- A bot's key as it is stored: {key_id, ciphertext}, or the plain text that an earlier version has stored.
create function private.stored_key(bot_key private.bot_keys) returns jsonb
language sql stable
return case when bot_key.encryption_key_id is null then to_jsonb(bot_key.access_key)
  else jsonb_build_object('key_id', bot_key.encryption_key_id, 'ciphertext', bot_key.access_key) end;

-- A bot for the edge, with the members that its users must not see. Only for begin_turn.
create function private.bot_to_ask(bot public.bots) returns jsonb
language sql stable
return jsonb_build_object(
  'bot_id', bot.bot_id,
  'provider', bot.provider,
  'model', bot.model,
  'system', bot.system,
  'access_path', bot.access_path,
  'access_key', (
    select private.stored_key(bot_key) from private.bot_keys bot_key where bot_key.bot_id = bot.bot_id));

revoke all on function private.stored_key(private.bot_keys), private.bot_to_ask(public.bots)
from public, anon, authenticated, service_role;
grant execute on function private.stored_key(private.bot_keys), private.bot_to_ask(public.bots) to service_role;
