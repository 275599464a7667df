-- The metadata of a user's message, stored with it: a task, attachments by their locations, and the client's
-- name for it. A later turn that answers the message again, or continues a reply to it, reads them from
-- there.

-- Refuses metadata that cannot be stored with a message.
create function private.check_message_metadata(request jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  -- The limit of a request's body, which may contain attached texts.
  max_bytes constant integer := 524288;
  max_attachments constant integer := 8;
  metadata jsonb := coalesce(nullif(request -> 'message_metadata', 'null'), '{}');
begin
  if jsonb_typeof(metadata) <> 'object'
    or metadata - array['task', 'attachments', 'client_id'] <> '{}'
    or octet_length(metadata::text) > max_bytes
    or jsonb_typeof(coalesce(metadata -> 'task', '""')) <> 'string'
    or jsonb_typeof(coalesce(metadata -> 'client_id', '""')) <> 'string'
    or char_length(metadata ->> 'client_id') not between 1 and 128
    or jsonb_typeof(coalesce(metadata -> 'attachments', '[]')) <> 'array'
    or (metadata <> '{}' and coalesce(request ->> 'action', 'say') not in ('say', 'edit'))
  then
    perform private.refuse(422, 'invalid_request', format(
      'message_metadata must be {task, attachments, client_id} of at most %s bytes, of a message that is said.',
      max_bytes));
  end if;
  if jsonb_array_length(coalesce(metadata -> 'attachments', '[]')) > max_attachments then
    perform private.refuse(422, 'invalid_request', format(
      'A message has at most %s attachments.', max_attachments));
  end if;
end
$$;

-- The prompt tokens of the message's attachments.
create function private.attached_tokens(question public.messages) returns integer
language sql immutable parallel safe
return coalesce((
  select pg_catalog.sum((attachment.value ->> 'tokens')::integer)::integer
  from pg_catalog.jsonb_array_elements(question.metadata -> 'attachments') attachment), 0);

revoke all on function
  private.check_message_metadata(jsonb),
  private.attached_tokens(public.messages)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_message_metadata(jsonb),
  private.attached_tokens(public.messages)
to service_role;
