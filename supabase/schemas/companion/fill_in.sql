-- A character's texts with names in place of the placeholders.

-- The value of {{char}}: the nickname in the card, or the name.
create function private.spoken_name(companion public.characters) returns text
language sql immutable parallel safe
return coalesce(
  nullif(pg_catalog.left(pg_catalog.btrim(case pg_catalog.jsonb_typeof(companion.card #> '{data,nickname}')
    when 'string' then companion.card #>> '{data,nickname}' end), 200), ''),
  companion.name);

-- The text with {{char}} and {{user}}, also <BOT> and <USER>, replaced, in any spelling. The result is cut if
-- the names make it many times as long.
create function private.fill_in(template text, character_name text, user_name text) returns text
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  max_bytes constant integer := 160000;
  -- Four bytes are the most that a character has.
  max_characters constant integer := 40000;
  filled text := template;
begin
  if template ~* '\{\{|<(bot|user)>' then
    filled := regexp_replace(
      filled, '\{\{\s*char\s*\}\}|<bot>', replace(character_name, '\', '\\'), 'gi');
    filled := regexp_replace(
      filled, '\{\{\s*user\s*\}\}|<user>', replace(user_name, '\', '\\'), 'gi');
  end if;
  return case when octet_length(filled) > max_bytes then left(filled, max_characters)
    else filled end;
end
$$;

-- The name of the session's owner: the profile's, or the word for somebody without a name.
create function private.user_name(session public.sessions) returns text
language sql stable
return coalesce(
  nullif(btrim((
    select display_name from public.profiles where owner_id = session.owner_id)), ''),
  session.user_word, 'User');

revoke all on function
  private.spoken_name(public.characters),
  private.fill_in(text, text, text),
  private.user_name(public.sessions)
from public, anon, authenticated, service_role;
grant execute on function
  private.spoken_name(public.characters),
  private.fill_in(text, text, text),
  private.user_name(public.sessions)
to service_role;
