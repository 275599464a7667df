-- A message's text in the prompts of models.

-- The attachments of a user's message as text, to follow the message's own: attached texts, and a note for
-- each other attachment; '' for none.
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

-- A message's text with its attachments. Its own text comes first, so that its bytes have the same offsets in
-- both.
create function private.sent_text(message public.messages) returns text
language sql immutable parallel safe
return case
  when message.role = 'user' then message.content || private.attached_text(message.metadata)
  else message.content
end;

-- The first or last bytes of a text: at most max_bytes, in whole characters, and in whole paragraphs, lines
-- or words, if that costs no more than an eighth.
create function private.text_edge(content text, max_bytes integer, is_beginning boolean)
returns text
language plpgsql immutable set search_path = '' as $$
declare
  bytes constant bytea := convert_to(content, 'UTF8');
  place integer := case when is_beginning then max_bytes else length(bytes) - max_bytes end;
  part text;
  boundary text;
  lost integer;
begin
  if max_bytes >= length(bytes) then
    return content;
  end if;
  -- Continuation bytes are 10xxxxxx.
  while place > 0 and place < length(bytes) and get_byte(bytes, place) & 192 = 128 loop
    place := place + case when is_beginning then -1 else 1 end;
  end loop;
  part := case when is_beginning then convert_from(substr(bytes, 1, place), 'UTF8')
    else convert_from(substr(bytes, place + 1), 'UTF8') end;
  foreach boundary in array array[E'\n\n', E'\n', ' '] loop
    -- Characters beyond the boundary, which is kept at the end of a beginning.
    lost := position(boundary in case when is_beginning then reverse(part) else part end) - 1;
    if lost >= 0 and lost <= char_length(part) / 8 then
      return case when is_beginning then left(part, char_length(part) - lost)
        else substr(part, lost + char_length(boundary) + 1) end;
    end if;
  end loop;
  return part;
end
$$;

-- A text of at most max_bytes: a longer one is cut to its beginning and its end, with a note about the
-- missing part between them.
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
  beginning := private.text_edge(content, room / 2, true);
  ending := private.text_edge(content, room / 2, false);
  return concat(
    beginning,
    format(note, octet_length(content) - octet_length(beginning) - octet_length(ending)),
    ending);
end
$$;

-- The bytes in this many tokens of a message: the reverse of private.estimate_tokens.
create function private.bytes_of_tokens(tokens integer) returns integer
language sql immutable parallel safe
return greatest(tokens - 4, 0) * 4;

revoke all on function
  private.attached_text(jsonb),
  private.sent_text(public.messages),
  private.text_edge(text, integer, boolean),
  private.cut_text(text, integer),
  private.bytes_of_tokens(integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.attached_text(jsonb),
  private.sent_text(public.messages),
  private.text_edge(text, integer, boolean),
  private.cut_text(text, integer),
  private.bytes_of_tokens(integer)
to authenticated, service_role;
