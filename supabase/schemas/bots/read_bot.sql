-- One of the principal's bots, or a public one: {principal, bot_id, hides_public_bots}.
create function public.read_bot(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  bot public.bots := private.visible_bot(
    principal_id, private.read_bot_id(request), (request ->> 'hides_public_bots')::boolean);
begin
  return private.answer(
    private.describe_bot(bot, principal_id), etag => private.version_of(bot.updated_at));
end
$$;

revoke all on function public.read_bot(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_bot(jsonb) to service_role;
