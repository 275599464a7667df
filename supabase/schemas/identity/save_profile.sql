-- Creates or changes the caller's profile: {principal, body: {user_id?, email?, display_name?,
-- avatar_url?}}. Absent members stay unchanged; null removes one.
create function public.save_profile(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  body jsonb := coalesce(request -> 'body', '{}');
  new_email text;
  new_display_name text;
  new_avatar_url text;
  is_new boolean;
begin
  if jsonb_typeof(body) <> 'object' then
    perform private.refuse(422, 'invalid_request', 'The body must be an object.');
  end if;
  if private.read_id(body, 'user_id') <> principal_id then
    perform private.refuse(403, 'forbidden',
      'user_id names somebody else than the token: leave it out, or send that user''s token.');
  end if;
  new_email := private.read_profile_text(body, 'email', 320, '^[^@[:space:]]+@[^@[:space:]]+$',
    'an address with an @ of at most 320 characters');
  new_display_name := private.read_profile_text(body, 'display_name', 200, '',
    'text of 1 to 200 characters');
  new_avatar_url := private.read_profile_text(body, 'avatar_url', 2048, '^https?://[^[:space:]]+$',
    'an http or https URL of at most 2048 characters');

  insert into public.profiles (owner_id) values (principal_id) on conflict do nothing;
  is_new := found;
  update public.profiles
  set email = case when body ? 'email' then new_email else email end,
      display_name = case when body ? 'display_name' then new_display_name else display_name end,
      avatar_url = case when body ? 'avatar_url' then new_avatar_url else avatar_url end,
      updated_at = case when is_new then updated_at else clock_timestamp() end
  where owner_id = principal_id;
  return private.answer(
    private.profile_of(principal_id),
    case when is_new then 201 else 200 end,
    private.profile_etag(principal_id));
end
$$;

revoke all on function public.save_profile(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.save_profile(jsonb) to service_role;
