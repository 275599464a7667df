-- Deletes a bot with its key: {principal, bot_id, if_match, hides_public_bots}. Its messages stay.
create function public.delete_bot(request jsonb) returns jsonb
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

revoke all on function public.delete_bot(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.delete_bot(jsonb) to service_role;
