-- Takes of a message, which of them the conversation goes on from, replies that their reader has
-- changed, and what a model was sent for a reply.

-- A message as callers see it.
create function private.message_body(
  message public.messages, take_number bigint, take_count bigint
) returns jsonb
language sql stable parallel safe
return pg_catalog.jsonb_build_object(
  'message_id', message.message_id,
  'session_id', message.session_id,
  'turn_id', message.turn_id,
  'parent_id', message.parent_id,
  'role', message.role,
  'content', message.content,
  'is_complete', message.is_complete,
  'metadata', message.metadata,
  'take_number', take_number,
  'take_count', take_count,
  'created_at', private.iso(message.created_at),
  'updated_at', private.iso(message.updated_at));

-- The messages with this one's parent and role, itself among them.
create function private.takes_of(target public.messages) returns setof public.messages
language sql stable set search_path = '' as $$
  select take.* from public.messages take
  where take.session_id = target.session_id and take.parent_id = target.parent_id
    and take.role = target.role
  union all
  -- An index finds these too, but not with one condition that means both.
  select take.* from public.messages take
  where target.parent_id is null
    and take.session_id = target.session_id and take.parent_id is null
    and take.role = target.role;
$$;

-- The message of this depth on the path to the leaf. Walks no further than where the takes begin:
-- before that, the place in the session is the depth.
create function private.message_on_path(leaf_id uuid, wanted_depth integer) returns uuid
language plpgsql stable set search_path = '' as $$
declare
  reached public.messages;
begin
  with recursive path as (
    select leaf.message_id, leaf.parent_id, leaf.depth, leaf.position
    from public.messages leaf
    where leaf.message_id = leaf_id
    union all
    select parent.message_id, parent.parent_id, parent.depth, parent.position
    from path child
    cross join lateral (
      select * from public.messages message where message.message_id = child.parent_id limit 1
    ) parent
    where child.depth > wanted_depth and child.position <> child.depth
  )
  select message.* into reached
  from public.messages message
  where message.message_id = (select path.message_id from path order by path.depth limit 1);
  if reached.depth > wanted_depth then
    -- Everything before it is on its path: the place in the session is the depth.
    select message.* into reached
    from public.messages message
    where message.session_id = reached.session_id and message.owner_id = reached.owner_id
      and message.position = wanted_depth;
  end if;
  return case when reached.depth = wanted_depth then reached.message_id end;
end
$$;

-- Where a conversation that goes through this message ends: at its newest child's newest child, and
-- so on. Costs the steps to there.
create function private.newest_leaf_below(target public.messages) returns uuid
language sql stable set search_path = '' as $$
  with recursive way as (
    select target.message_id, target.depth
    union all
    select child.message_id, child.depth
    from way parent
    cross join lateral (
      select message.message_id, message.depth
      from public.messages message
      where message.session_id = target.session_id and message.parent_id = parent.message_id
      order by message.parent_depth desc, message.position desc
      limit 1
    ) child
  )
  select way.message_id from way order by way.depth desc limit 1;
$$;

-- The takes of a message in the order in which they came: {principal, message_id}; the body is a list
-- of messages, each with `is_active` true when it is on the path to the session's active leaf.
create function public.list_takes(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  principal_id uuid := private.resolve_principal(request -> 'principal');
  wanted_id uuid := private.read_id(request, 'message_id');
  session public.sessions;
  target public.messages;
  active_id uuid;
  takes jsonb;
begin
  perform private.act_as(principal_id);
  select * into target from public.messages where message_id = wanted_id;
  select * into session from public.sessions
  where session_id = target.session_id and is_active;
  if found then
    active_id := private.message_on_path(session.active_leaf_id, target.depth);
    select jsonb_agg(
      private.message_body(numbered.take, numbered.take_number, numbered.take_count)
        || jsonb_build_object('is_active', (numbered.take).message_id is not distinct from active_id)
      order by numbered.take_number)
    into takes
    from (
      select take, row_number() over (order by take.position) as take_number,
        count(*) over () as take_count
      from private.takes_of(target) take
    ) numbered;
  end if;
  perform set_config('role', own_role, true);
  if takes is null then
    perform private.refuse_unknown_message();
  end if;
  return private.answer(takes);
end
$$;

-- A message that the principal may see, its session locked until the transaction ends.
create function private.open_message(principal_id uuid, wanted_message_id uuid)
returns public.messages
language plpgsql set search_path = '' as $$
declare
  wanted_session_id uuid := private.session_of_message(principal_id, wanted_message_id);
  message public.messages;
begin
  perform from public.sessions
  where session_id = wanted_session_id and owner_id = principal_id and is_active
  for no key update;
  if not found then
    perform private.refuse_unknown_message();
  end if;
  select * into message from public.messages where message_id = wanted_message_id;
  if not found then
    -- A reply that is still being written, or whose isolate is dead.
    perform private.end_silent_turn(wanted_session_id);
    select * into message from public.messages where message_id = wanted_message_id;
  end if;
  if not found then
    perform private.refuse_unknown_message();
  end if;
  return message;
end
$$;

-- Makes the session go on from this message, or from where the conversation through it ended last:
-- {principal, message_id}; the body is {session_id, message_id, active_leaf_id}.
create function public.select_message(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  target public.messages := private.open_message(
    principal_id, private.read_id(request, 'message_id'));
  leaf_id uuid := private.newest_leaf_below(target);
begin
  update public.sessions
  set active_leaf_id = leaf_id
  where session_id = target.session_id and active_leaf_id is distinct from leaf_id;
  return private.answer(jsonb_build_object(
    'session_id', target.session_id,
    'message_id', target.message_id,
    'active_leaf_id', leaf_id));
end
$$;

-- Replaces the text of a reply: {principal, message_id, body: {content}, if_match}; the body is the
-- message. The old text stays a revision, and what models have been sent stays as it was.
create function public.edit_reply(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_content_bytes constant integer := 4194304;
  content_given jsonb := request -> 'body' -> 'content';
  new_content text := request -> 'body' ->> 'content';
  principal_id uuid := private.resolve_principal(request -> 'principal');
  message public.messages;
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
  end if;

  select count(*) filter (where take.position <= message.position), count(*)
  into take_number, take_count
  from private.takes_of(message) take;
  return private.answer(
    private.message_body(message, take_number, take_count), etag => message.revision::text);
end
$$;

-- What the model was sent of the conversation for this generation, oldest first, as [{"message_id",
-- "role", "content"}]: the path as far as it was sent, with the texts of that time, and the
-- instruction, which is no message. Read with the principal's rights.
create function private.read_sent_messages(principal_id uuid, generation public.generations)
returns jsonb
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  newest_id uuid := coalesce(generation.continued_from_id, generation.user_message_id);
  sent jsonb;
begin
  perform private.act_as(principal_id);
  with recursive path as (
    select newest.message_id, newest.session_id, newest.parent_id, newest.depth, newest.role,
      newest.content
    from public.messages newest
    where newest.message_id = newest_id
    union all
    select parent.message_id, parent.session_id, parent.parent_id, parent.depth, parent.role,
      parent.content
    from path child
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where message_id = child.parent_id limit 1
    ) parent
    where child.depth > generation.sent_from_depth
  )
  select jsonb_agg(
    jsonb_build_object(
      'message_id', path.message_id,
      'role', path.role,
      'content', coalesce(replaced.content, path.content))
    order by path.depth)
  into sent
  from path
  left join lateral (
    select revision.content
    from public.message_revisions revision
    where revision.session_id = path.session_id and revision.message_id = path.message_id
      and revision.last_epoch >= generation.epoch
    order by revision.revision
    limit 1
  ) replaced on true
  where path.content <> '';
  perform set_config('role', own_role, true);
  if generation.instruction is not null then
    sent := sent || jsonb_build_object(
      'message_id', null, 'role', 'user', 'content', generation.instruction);
  end if;
  return sent;
end
$$;

-- What the model was sent for a reply: {principal, message_id}; the body is {message_id, stream_id,
-- action, provider, model, system_prompt, settings, messages, facts, tokens: {in, out}, created_at}.
create function public.read_context(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  principal_id uuid := private.resolve_principal(request -> 'principal');
  wanted_id uuid := private.read_id(request, 'message_id');
  is_visible boolean;
  generation public.generations;
begin
  perform private.act_as(principal_id);
  is_visible := exists (
    select from public.messages message
    join public.sessions session on session.session_id = message.session_id
    where message.message_id = wanted_id and session.is_active);
  perform set_config('role', own_role, true);
  if not is_visible then
    perform private.refuse_unknown_message();
  end if;
  select * into generation from public.generations
  where message_id = wanted_id and sent_from_depth is not null;
  if not found then
    perform private.refuse(404, 'not_found',
      'For this message no model was asked, or what it was sent has not been kept: name a reply.');
  end if;
  return private.answer(jsonb_build_object(
    'message_id', generation.message_id,
    'stream_id', generation.stream_id,
    'action', generation.action,
    'provider', generation.provider,
    'model', generation.model,
    'system_prompt', generation.system_prompt,
    'settings', generation.settings,
    'messages', private.read_sent_messages(principal_id, generation),
    'facts', '[]'::jsonb,
    'tokens', jsonb_build_object('in', generation.input_tokens, 'out', generation.output_tokens),
    'created_at', private.iso(generation.started_at)));
end
$$;

revoke all on function
  private.message_body(public.messages, bigint, bigint),
  private.takes_of(public.messages),
  private.message_on_path(uuid, integer),
  private.newest_leaf_below(public.messages),
  private.open_message(uuid, uuid),
  private.read_sent_messages(uuid, public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.message_body(public.messages, bigint, bigint),
  private.takes_of(public.messages),
  private.message_on_path(uuid, integer)
to authenticated, service_role;
grant execute on function
  private.newest_leaf_below(public.messages),
  private.open_message(uuid, uuid),
  private.read_sent_messages(uuid, public.generations)
to service_role;

revoke all on function
  public.list_takes(jsonb),
  public.select_message(jsonb),
  public.edit_reply(jsonb),
  public.read_context(jsonb)
from public, anon, authenticated;
grant execute on function
  public.list_takes(jsonb),
  public.select_message(jsonb),
  public.edit_reply(jsonb),
  public.read_context(jsonb)
to service_role;
