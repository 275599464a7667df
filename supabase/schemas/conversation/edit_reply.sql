-- Replaces the text of a reply: {principal, message_id, body: {content}, if_match}; the body is the
-- message. The old text is kept as a revision, and the record of what models were sent does not
-- change.
create function public.edit_reply(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_content_bytes constant integer := 4194304;
  content_given jsonb := request -> 'body' -> 'content';
  new_content text := request -> 'body' ->> 'content';
  principal_id uuid := private.resolve_principal(request -> 'principal');
  message public.messages;
  running public.generations;
  take_number bigint;
  take_count bigint;
begin
  if jsonb_typeof(content_given) is distinct from 'string'
    or octet_length(new_content) not between 1 and max_content_bytes then
    perform private.refuse(422, 'invalid_request',
      format('content must be a text of 1 to %s bytes.', max_content_bytes));
  end if;
  message := private.open_message(principal_id, private.read_id(request, 'message_id'));
  if message.role <> 'assistant' then
    perform private.refuse(422, 'invalid_request',
      'Only the text of a reply can be changed: to say something else, send it as an edit.');
  end if;
  -- It was ended for silence, and its writer has gone on.
  select * into running from public.generations
  where message_id = message.message_id and status = 'streaming';
  if found then
    perform private.refuse_while_running(running,
      'This reply is still being written: wait until it ends, or cancel it.');
  end if;
  if request ->> 'if_match' <> message.revision::text then
    perform private.refuse(412, 'precondition_failed',
      'This reply has been changed since it was read: read it again, then decide.');
  end if;

  if message.content <> new_content then
    insert into public.message_revisions (
      session_id, message_id, owner_id, revision, content, last_epoch, replaced_at)
    select session.session_id, message.message_id, session.owner_id, message.revision,
      message.content, session.last_epoch, clock_timestamp()
    from public.sessions session
    where session.session_id = message.session_id;
    update public.messages
    set content = new_content,
        revision = revision + 1,
        metadata = metadata || '{"is_edited": true}'
    where message_id = message.message_id
    returning * into message;
    perform private.check_stored_bytes(message.owner_id);
  end if;

  select count(*) filter (where take.position <= message.position), count(*)
  into take_number, take_count
  from private.takes_of(message) take;
  return private.answer(
    private.message_body(message, take_number, take_count), etag => message.revision::text);
end
$$;

revoke all on function public.edit_reply(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.edit_reply(jsonb) to service_role;
