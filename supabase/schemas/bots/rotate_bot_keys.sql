-- The rotation of the key that bots' keys are encrypted with. The edge decrypts and encrypts.

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
  public.read_outdated_bot_keys(jsonb),
  public.replace_bot_keys(jsonb),
  private.key_version(private.bot_keys)
from public, anon, authenticated, service_role;
grant execute on function
  public.read_outdated_bot_keys(jsonb),
  public.replace_bot_keys(jsonb),
  private.key_version(private.bot_keys)
to service_role;
