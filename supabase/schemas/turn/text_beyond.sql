-- Saves a reply while it is made. Offsets count UTF-8 bytes of the reply's text. Locks are taken in the order
-- session, generation, everywhere.

-- The part of `sent`, the reply's text from `from_offset` on, that follows the first `saved_bytes` bytes. A
-- caller whose answer was lost sends again from the same offset, perhaps with more, and one call may overtake
-- another; so known text is skipped, and a gap is refused.
create function private.text_beyond(saved_bytes integer, from_offset integer, sent text)
returns text
language plpgsql immutable set search_path = '' as $$
declare
  -- A reply of a million tokens; a longer one means that the model repeats itself.
  max_reply_bytes constant integer := 4194304;
  bytes bytea := convert_to(coalesce(sent, ''), 'UTF8');
  known_bytes integer := saved_bytes - from_offset;
begin
  if from_offset is null or from_offset < 0 or known_bytes < 0 then
    perform private.refuse(422, 'invalid_request', format(
      'from_offset must be 0 to %s, the bytes that are saved: send the text from there.',
      saved_bytes));
  end if;
  if from_offset + length(bytes) > max_reply_bytes then
    perform private.refuse(413, 'body_too_large', format(
      'A reply may have %s bytes: finish the turn with what is saved.', max_reply_bytes));
  end if;
  if known_bytes >= length(bytes) then
    return '';
  end if;
  -- Inside a character: this is not the text that was sent before.
  if get_byte(bytes, known_bytes) & 192 = 128 then
    perform private.refuse(422, 'invalid_request',
      'text differs from what was saved of this reply: send the same text again.');
  end if;
  return convert_from(substr(bytes, known_bytes + 1), 'UTF8');
end
$$;

revoke all on function private.text_beyond(integer, integer, text)
from public, anon, authenticated, service_role;
grant execute on function private.text_beyond(integer, integer, text) to service_role;
