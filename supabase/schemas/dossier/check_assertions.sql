-- Refuses anything but a list of assertions for commit_assertions.
create function private.check_assertions(assertions jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  -- Bounds how long a call keeps other writers waiting.
  max_assertions constant integer := 1000;
  -- The column's limit too: what is found in a message is a few sentences.
  max_body_bytes constant integer := 65536;
  sent record;
begin
  if jsonb_typeof(assertions) is distinct from 'array' then
    perform private.refuse(422, 'invalid_request', 'assertions must be an array.');
  end if;
  if jsonb_array_length(assertions) > max_assertions then
    perform private.refuse(422, 'invalid_request', format(
      'assertions may have %s entries: send the others in further calls.', max_assertions));
  end if;
  for sent in
    select entry.value, entry.place - 1 as index
    from jsonb_array_elements(assertions) with ordinality as entry (value, place)
  loop
    if (sent.value ->> 'assertion_id') ~ '^[0-9a-f]{64}$' is not true
        or (sent.value ->> 'kind') in ('extracted', 'confirmed', 'user', 'path') is not true
        or jsonb_typeof(sent.value -> 'body') is distinct from 'object' then
      perform private.refuse(422, 'invalid_request', format(
        'assertions[%s] must have an assertion_id of 64 hexadecimal digits, a kind that is '
        'extracted, confirmed, user or path, and a body that is an object.', sent.index));
    end if;
    if octet_length((sent.value -> 'body')::text) > max_body_bytes then
      perform private.refuse(413, 'body_too_large', format(
        'assertions[%s].body may have %s bytes: make several assertions of it.',
        sent.index, max_body_bytes));
    end if;
    perform private.read_id(sent.value, 'message_id');
  end loop;
end
$$;

revoke all on function private.check_assertions(jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.check_assertions(jsonb) to service_role;
