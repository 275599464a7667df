-- Stores or removes the key if the body has it.
create function private.save_bot_key(changed_id bigint, body jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  if not body ? 'access_key' then
    return;
  end if;
  if body ->> 'access_key' is null then
    delete from private.bot_keys where bot_id = changed_id;
  else
    insert into private.bot_keys (bot_id, access_key)
    values (changed_id, btrim(body ->> 'access_key'))
    on conflict (bot_id) do update set access_key = excluded.access_key;
  end if;
end
$$;

-- Creates a bot of the principal's: {principal, body: {name, provider, model, system, access_path,
-- access_key, is_public}}, of which only the model is required. Without a name it has the model's
-- name.
create function public.save_bot(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  body constant jsonb := '{"model": null}' || coalesce(request -> 'body', '{}');
  bot public.bots;
begin
  perform private.check_bot(body);
  insert into public.bots (owner_id, name, provider, model, system, access_path, is_public)
  values (
    principal_id, coalesce(btrim(body ->> 'name'), left(btrim(body ->> 'model'), 200)),
    btrim(body ->> 'provider'), btrim(body ->> 'model'), btrim(body ->> 'system'),
    btrim(body ->> 'access_path'), coalesce((body ->> 'is_public')::boolean, false))
  returning * into bot;
  perform private.save_bot_key(bot.bot_id, body);
  perform private.check_stored_bytes(principal_id);
  return private.answer(
    private.describe_bot(bot, principal_id), 201, private.version_of(bot.updated_at));
end
$$;

revoke all on function
  private.save_bot_key(bigint, jsonb),
  public.save_bot(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.save_bot_key(bigint, jsonb),
  public.save_bot(jsonb)
to service_role;
