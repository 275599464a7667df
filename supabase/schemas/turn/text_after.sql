-- `content`, which begins at byte `from_offset` of a reply, without the reply's first `after_bytes`. All
-- offsets that we send are between characters. An offset inside a character was counted in other units
-- (characters, or UTF-16), and rounding it would silently lose or repeat text, so it is refused.
create function private.text_after(content text, from_offset integer, after_bytes integer)
returns text
language plpgsql immutable set search_path = '' as $$
declare
  known_bytes integer := greatest(after_bytes - from_offset, 0);
  bytes bytea;
begin
  if known_bytes = 0 then
    return content;
  end if;
  if known_bytes >= octet_length(content) then
    return '';
  end if;
  bytes := convert_to(content, 'UTF8');
  if get_byte(bytes, known_bytes) & 192 = 128 then
    perform private.refuse(422, 'invalid_request',
      'The offset lies inside a character: it counts UTF-8 bytes, as told with the stream.');
  end if;
  return convert_from(substr(bytes, known_bytes + 1), 'UTF8');
end
$$;

revoke all on function private.text_after(text, integer, integer)
from public, anon, authenticated, service_role;
grant execute on function private.text_after(text, integer, integer) to service_role;
