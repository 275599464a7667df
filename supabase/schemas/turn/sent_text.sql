-- The text that stands for a message in what models are sent.

-- What is attached to a user's message, as text, to follow the message's own: attached texts, and a note of
-- each other attachment; '' for nothing.
create function private.attached_text(metadata jsonb) returns text
language sql immutable parallel safe
return coalesce((
  select pg_catalog.string_agg(
    case
      when coalesce(attached.value ->> 'text', attached.value ->> 'text_read') is not null
        then pg_catalog.concat(
          E'\n\n<attachment name="', attached.value ->> 'name', E'">\n',
          coalesce(attached.value ->> 'text', attached.value ->> 'text_read'), E'\n</attachment>')
      else pg_catalog.concat(
        E'\n\n[Attached to this message, and not shown again: ',
        case when attached.value ->> 'type' = 'image' then 'the image ' else 'the text ' end,
        coalesce(attached.value ->> 'name', attached.value ->> 'path', attached.value ->> 'url'), ']')
    end, '' order by attached.place)
  from pg_catalog.jsonb_array_elements(metadata -> 'attachments')
    with ordinality as attached (value, place)), '');

-- A message's text with what is attached to it. Its own text comes first, so that its bytes have the same
-- places in both.
create function private.sent_text(message public.messages) returns text
language sql immutable parallel safe
return case
  when message.role = 'user' then message.content || private.attached_text(message.metadata)
  else message.content
end;

-- The end of a text, at most max_bytes, in whole characters. It begins after a paragraph, a line or a word, if
-- one ends in its first half.
create function private.text_end(content text, max_bytes integer) returns text
language plpgsql immutable set search_path = '' as $$
declare
  bytes constant bytea := convert_to(content, 'UTF8');
  first_byte integer := greatest(length(bytes) - max_bytes, 0);
  part text;
  boundary text;
  whole text;
begin
  -- Continuation bytes are 10xxxxxx.
  while first_byte < length(bytes) and get_byte(bytes, first_byte) & 192 = 128 loop
    first_byte := first_byte + 1;
  end loop;
  part := convert_from(substr(bytes, first_byte + 1), 'UTF8');
  if first_byte > 0 then
    foreach boundary in array array[E'\n\n', E'\n', ' '] loop
      whole := substr(part, position(boundary in part) + char_length(boundary));
      if position(boundary in part) > 0 and char_length(whole) * 2 > char_length(part) then
        return whole;
      end if;
    end loop;
  end if;
  return part;
end
$$;

-- A text of at most max_bytes: one that is longer is cut to its beginning and its end, with a note of what is
-- missing between them.
create function private.cut_text(content text, max_bytes integer) returns text
language plpgsql immutable set search_path = '' as $$
declare
  note constant text := E'\n\n[%s bytes of this text are left out here: they do not fit.]\n\n';
  -- More than the note takes.
  note_bytes constant integer := 80;
  room constant integer := greatest(max_bytes - note_bytes, 0);
  beginning text;
  ending text;
begin
  if octet_length(content) <= max_bytes then
    return content;
  end if;
  beginning := private.text_part(content, 0, room / 2);
  ending := private.text_end(content, room / 2);
  return concat(
    beginning,
    format(note, octet_length(content) - octet_length(beginning) - octet_length(ending)),
    ending);
end
$$;

-- The bytes that this many tokens of a message hold: the reverse of private.estimate_tokens.
create function private.bytes_of_tokens(tokens integer) returns integer
language sql immutable parallel safe
return greatest(tokens - 4, 0) * 4;

revoke all on function
  private.attached_text(jsonb),
  private.sent_text(public.messages),
  private.text_end(text, integer),
  private.cut_text(text, integer),
  private.bytes_of_tokens(integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.attached_text(jsonb),
  private.sent_text(public.messages),
  private.text_end(text, integer),
  private.cut_text(text, integer),
  private.bytes_of_tokens(integer)
to authenticated, service_role;
