-- The length of a text in a story's unit: words, or non-blank characters if the language has no spaces.
create function private.story_length(content text, unit text) returns integer
language sql immutable parallel safe
return case
  when unit = 'characters' then char_length(regexp_replace(content, '\s', '', 'g'))
  when content ~ '\S' then regexp_count(btrim(content, E' \t\r\n'), '\s+') + 1
  else 0
end;

revoke all on function private.story_length(text, text) from public, anon, authenticated, service_role;
grant execute on function private.story_length(text, text) to service_role;
