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
    select bot_key.access_key from private.bot_keys bot_key where bot_key.bot_id = bot.bot_id));

revoke all on function private.bot_to_ask(public.bots)
from public, anon, authenticated, service_role;
grant execute on function private.bot_to_ask(public.bots) to service_role;
