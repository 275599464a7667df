-- Changes the members in body: {principal, bot_id, if_match, hides_public_bots, body: as save_bot's}. Absent
-- members stay unchanged; null removes provider, system, access_path and access_key. encrypted_key, as
-- save_bot's, is a new key.
create function public.update_bot(request jsonb) returns jsonb
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
  perform private.check_stored_bytes(principal_id);
  return private.answer(
    private.describe_bot(bot, principal_id), etag => private.version_of(bot.updated_at));
end
$$;

revoke all on function public.update_bot(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.update_bot(jsonb) to service_role;
