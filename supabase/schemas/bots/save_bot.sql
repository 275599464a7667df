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
create function public.save_bot(request jsonb) returns jsonb
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
  perform private.check_stored_bytes(principal_id);
  return private.answer(
    private.describe_bot(bot, principal_id), 201, private.version_of(bot.updated_at));
end
$$;

revoke all on function
  private.save_bot_key(bigint, jsonb),
  public.reserve_bot_id(jsonb),
  public.save_bot(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.save_bot_key(bigint, jsonb),
  public.reserve_bot_id(jsonb),
  public.save_bot(jsonb)
to service_role;
-- For reserve_bot_id and save_bot.
grant usage on sequence public.bots_bot_id_seq to service_role;
