-- A principal's profile as callers see it. Fields that were never saved are null.
create function private.profile_of(principal_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  principal public.principals;
  profile public.profiles;
begin
  select * into principal from public.principals where id = principal_id;
  perform private.act_as(principal_id);
  select * into profile from public.profiles where owner_id = principal_id;
  perform set_config('role', own_role, true);
  return jsonb_build_object(
    'user_id', principal_id,
    'kind', principal.kind,
    'email', profile.email,
    'display_name', profile.display_name,
    'avatar_url', profile.avatar_url,
    'created_at', private.iso(profile.created_at),
    'updated_at', private.iso(profile.updated_at));
end
$$;

-- Increases with every change of the profile; 0 before the first.
create function private.profile_etag(principal_id uuid) returns text
language sql stable
return coalesce((
  select (extract(epoch from updated_at) * 1000000)::bigint
  from public.profiles where owner_id = principal_id), 0)::text;

-- The text under this key, without spaces around it; null when it is absent or null.
create function private.read_profile_text(
  body jsonb, key text, max_characters integer, pattern text, rule text
) returns text
language plpgsql set search_path = '' as $$
declare
  value text := btrim(body ->> key);
begin
  if value is not null and (
    jsonb_typeof(body -> key) <> 'string' or char_length(value) not between 1 and max_characters
    or value !~ pattern)
  then
    perform private.refuse(422, 'invalid_request',
      format('%s must be %s, or null to remove it.', key, rule));
  end if;
  return value;
end
$$;

revoke all on function
  private.profile_of(uuid),
  private.profile_etag(uuid),
  private.read_profile_text(jsonb, text, integer, text, text)
from public, anon, authenticated, service_role;
grant execute on function
  private.profile_of(uuid),
  private.profile_etag(uuid),
  private.read_profile_text(jsonb, text, integer, text, text)
to service_role;
