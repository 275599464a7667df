-- Projects and sessions have instructions, sessions a model and settings of their own; a running reply is seen
-- from its session; chats have names of their callers; another take may be asked for with guidance.

set local lock_timeout = '10s';

alter table public.projects
  add column instructions text check (octet_length(instructions) between 1 and 8192);

alter table public.sessions
  add column instructions text check (octet_length(instructions) between 1 and 8192),
  add column model text check (model ~ '^[a-z]+:.' and char_length(model) <= 256),
  add column temperature numeric(3, 2) check (temperature between 0 and 2),
  add column max_tokens integer check (max_tokens >= 1);

alter table public.generations
  add column prompt_parts jsonb check (jsonb_typeof(prompt_parts) = 'array'),
  add column reply_metadata jsonb not null default '{}' check (jsonb_typeof(reply_metadata) = 'object'),
  drop constraint generations_system_prompt_check,
  add constraint generations_system_prompt_check check (octet_length(system_prompt) <= 262144);

-- Refuses instructions that could not be stored. Absent ones, and null, are fine.
create or replace function private.check_instructions(body jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  max_bytes constant integer := 8192;
begin
  if octet_length(body ->> 'instructions') not between 1 and max_bytes then
    perform private.refuse(422, 'invalid_request', format(
      'instructions must have 1 to %s bytes of UTF-8; null removes them.', max_bytes));
  end if;
end
$$;

revoke all on function private.check_instructions(jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.check_instructions(jsonb) to service_role;

-- A project as callers see it.
create or replace function private.describe_project(project public.projects) returns jsonb
language sql stable
return jsonb_build_object(
  'project_id', project.project_id,
  'user_id', project.owner_id,
  'name', project.name,
  'is_favourite', project.is_favourite,
  'phase', project.phase,
  'status', project.status,
  'instructions', project.instructions,
  'session_count', (
    select count(*) from public.sessions
    where project_id = project.project_id and owner_id = project.owner_id and is_active
      and kind <> 'story'),
  'created_at', private.iso(project.created_at),
  'updated_at', private.iso(project.updated_at));

-- Refuses members of a project that could not be stored. Those that are absent are fine.
create or replace function private.check_project(body jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  if body ? 'name' and char_length(btrim(body ->> 'name')) between 1 and 200 is not true then
    perform private.refuse(422, 'invalid_request', 'name must have 1 to 200 characters.');
  end if;
  if body ? 'is_favourite' and jsonb_typeof(body -> 'is_favourite') <> 'boolean' then
    perform private.refuse(422, 'invalid_request', 'is_favourite must be true or false.');
  end if;
  if body ? 'phase' and (body ->> 'phase') in (
      'setup', 'premise', 'outline', 'writing', 'export') is not true then
    perform private.refuse(422, 'invalid_request',
      'phase must be setup, premise, outline, writing or export.');
  end if;
  if body ? 'status' and (body ->> 'status') in ('active', 'completed', 'archived') is not true then
    perform private.refuse(422, 'invalid_request',
      'status must be active, completed or archived.');
  end if;
  perform private.check_instructions(body);
end
$$;

-- A new project with its empty dossier: {principal, body: {name, is_favourite, phase, status,
-- instructions}}, of which only the name must be there.
create or replace function public.create_project(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  body constant jsonb := '{"name": null}' || coalesce(request -> 'body', '{}');
  principal_id uuid;
  project public.projects;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  perform private.check_project(body);
  insert into public.projects (owner_id, name, is_favourite, phase, status, instructions)
  values (
    principal_id, btrim(body ->> 'name'), coalesce((body ->> 'is_favourite')::boolean, false),
    coalesce(body ->> 'phase', 'setup'), coalesce(body ->> 'status', 'active'),
    body ->> 'instructions')
  returning * into project;
  return private.answer(
    private.describe_project(project), 201, private.version_of(project.updated_at));
end
$$;

-- Changes what body has: {principal, project_id, if_match, body: {name, is_favourite, phase,
-- status, instructions}}. Instructions that are null are removed.
create or replace function public.update_project(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  body constant jsonb := coalesce(request -> 'body', '{}');
  project public.projects;
begin
  project := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  perform private.check_version(request ->> 'if_match', private.version_of(project.updated_at));
  perform private.check_project(body);
  update public.projects
  set name = coalesce(btrim(body ->> 'name'), name),
      is_favourite = coalesce((body ->> 'is_favourite')::boolean, is_favourite),
      phase = coalesce(body ->> 'phase', phase),
      status = coalesce(body ->> 'status', status),
      instructions = case when body ? 'instructions' then body ->> 'instructions' else instructions end
  where project_id = project.project_id
  returning * into project;
  return private.answer(
    private.describe_project(project), etag => private.version_of(project.updated_at));
end
$$;

-- The reply that is being written in a session.

-- The session's running generation; nulls when there is none, or its writer is taken for dead.
create or replace function private.running_generation(wanted_session_id uuid) returns public.generations
language plpgsql set search_path = '' as $$
declare
  running public.generations;
begin
  select * into running from public.generations
  where session_id = wanted_session_id and status = 'streaming';
  if found and private.is_silent(running) then
    return null;
  end if;
  return running;
end
$$;

-- As callers see it: {stream_id, message_id, started_at}; null for none.
create or replace function private.describe_running(running public.generations) returns jsonb
language sql stable parallel safe
return case when running.generation_id is not null then pg_catalog.jsonb_build_object(
  'stream_id', running.stream_id,
  'message_id', running.message_id,
  'started_at', private.iso(running.started_at)) end;

-- Refuses what must wait until the running reply ends.
create or replace function private.refuse_while_running(running public.generations, message text) returns void
language plpgsql set search_path = '' as $$
declare
  retry_after_s constant integer := 2;
begin
  perform private.refuse_with(409, 'turn_in_progress', message,
    jsonb_build_object('running', private.describe_running(running)), retry_after_s);
end
$$;

-- The running reply as a message of its session, with the text that is saved of it.
create or replace function private.running_message(running public.generations) returns jsonb
language sql stable
return (
  select jsonb_build_object(
    'message_id', running.message_id,
    'session_id', running.session_id,
    'turn_id', question.turn_id,
    'parent_id', question.message_id,
    'role', 'assistant',
    'content', coalesce((
      select string_agg(chunk.text, '' order by chunk.from_offset)
      from public.generation_chunks chunk
      where chunk.generation_id = running.generation_id), ''),
    'is_complete', false,
    'metadata', jsonb_strip_nulls(jsonb_build_object(
      'status', running.status,
      'stream_id', running.stream_id,
      'continued_from', running.continued_from_id)),
    'take_number', takes.count + 1,
    'take_count', takes.count + 1,
    'created_at', private.iso(running.started_at),
    'updated_at', private.iso(running.heartbeat_at))
  from (select running.user_message_id, running.message_id) asked
  join public.messages question on question.message_id = asked.user_message_id
  cross join lateral (
    select count(*) as count from public.messages sibling
    where sibling.parent_id = question.message_id and sibling.session_id = question.session_id
      and sibling.role = 'assistant'
  ) takes
);

revoke all on function
  private.running_generation(uuid),
  private.describe_running(public.generations),
  private.refuse_while_running(public.generations, text),
  private.running_message(public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.running_generation(uuid),
  private.describe_running(public.generations),
  private.refuse_while_running(public.generations, text),
  private.running_message(public.generations)
to service_role;

-- message_count and last_message_preview describe the path to the active leaf, its newest message.
create or replace function private.describe_session(session public.sessions) returns jsonb
language sql stable
return (
  select jsonb_build_object(
    'session_id', session.session_id,
    'user_id', session.owner_id,
    'project_id', session.project_id,
    'project_title', project.name,
    'kind', session.kind,
    'title', session.title,
    'external_id', session.external_id,
    'is_active', session.is_active,
    'message_count', coalesce(leaf.depth, 0),
    'last_message_preview', left(leaf.content, 200),
    'active_leaf_id', session.active_leaf_id,
    'running', private.describe_running(private.running_generation(described.session_id)),
    'instructions', session.instructions,
    'model', session.model,
    'temperature', trim_scale(session.temperature),
    'max_tokens', session.max_tokens,
    'created_at', private.iso(session.created_at),
    'updated_at', private.iso(session.updated_at),
    'last_message_at', private.iso(session.last_message_at))
  from (select session.session_id, session.project_id, session.active_leaf_id) described
  left join public.projects project on project.project_id = described.project_id
  left join public.messages leaf on leaf.message_id = described.active_leaf_id
);

-- The entity tag of a session, which changes with its rows and when a reply begins or ends.
create or replace function private.session_version(session public.sessions) returns text
language sql stable
return concat(private.version_of(session.updated_at),
  'r' || (private.running_generation(session.session_id)).epoch);

revoke all on function
  private.describe_session(public.sessions),
  private.session_version(public.sessions),
  private.refuse_session()
from public, anon, authenticated, service_role;
grant execute on function
  private.describe_session(public.sessions),
  private.session_version(public.sessions),
  private.refuse_session()
to service_role;

-- One of the principal's sessions: {principal, session_id}.
create or replace function public.read_session(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  principal_id uuid;
  wanted_id uuid;
  session public.sessions;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  wanted_id := private.read_id(request, 'session_id');
  perform private.act_as(principal_id);
  select * into session from public.sessions where session_id = wanted_id and is_active;
  perform set_config('role', own_role, true);
  if session.session_id is null then
    perform private.refuse_session();
  end if;
  return private.answer(
    private.describe_session(session), etag => private.session_version(session));
end
$$;

-- The settings of the model that answers a turn: those that the turn has chosen, else its session's, else the
-- deployment's.

-- Refuses settings of a session that could not be stored. Absent ones, and null, are fine. The edge knows which
-- models and how many tokens the deployment allows.
create or replace function private.check_model_settings(body jsonb) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if (body ->> 'model' ~ '^[a-z]+:.' and char_length(body ->> 'model') <= 256) is false then
    perform private.refuse(422, 'invalid_request',
      'model must be provider:model, of at most 256 characters.');
  end if;
  if (jsonb_typeof(body -> 'temperature') not in ('number', 'null'))
    or (body ->> 'temperature')::numeric not between 0 and 2
  then
    perform private.refuse(422, 'invalid_request', 'temperature must be a number from 0 to 2.');
  end if;
  if (jsonb_typeof(body -> 'max_tokens') not in ('number', 'null'))
    or (body ->> 'max_tokens')::numeric not between 1 and 2147483647
    or (body ->> 'max_tokens')::numeric % 1 <> 0
  then
    perform private.refuse(422, 'invalid_request', 'max_tokens must be a whole number from 1 on.');
  end if;
end
$$;

-- {model, temperature, max_tokens}, as far as the turn (request.chosen) or its session has chosen them, with no
-- more tokens than the deployment allows. A bot that has a model of its own is asked for that.
create or replace function private.chosen_settings(
  session public.sessions, bot public.bots, request jsonb
) returns jsonb
language sql stable
return jsonb_strip_nulls(jsonb_build_object(
  'model', coalesce(request #>> '{chosen,model}', case when bot.model is null then session.model end),
  'temperature', coalesce(
    (request #>> '{chosen,temperature}')::numeric, trim_scale(session.temperature)),
  'max_tokens', case
    when coalesce(request #>> '{chosen,max_tokens}', session.max_tokens::text) is not null then least(
      coalesce((request #>> '{chosen,max_tokens}')::integer, session.max_tokens),
      (request #>> '{settings,max_output_tokens}')::integer) end));

-- The request with what follows from the chosen settings: `settings` as the model gets them; `provider` and `model` where the session has chosen the model; and
-- `reply_metadata`, in which the reply tells what was chosen and asked for it.
create or replace function private.with_chosen_settings(request jsonb, chosen jsonb) returns jsonb
language sql stable
return request
  || jsonb_build_object(
    'settings', coalesce(nullif(request -> 'settings', 'null'), '{}')
      || jsonb_strip_nulls(jsonb_build_object(
        'temperature', chosen -> 'temperature', 'max_output_tokens', chosen -> 'max_tokens')),
    'reply_metadata', chosen - 'model'
      || jsonb_strip_nulls(jsonb_build_object('guidance', request -> 'guidance')))
  || case when request #>> '{chosen,model}' is null and chosen ? 'model'
    then jsonb_build_object(
      'provider', split_part(chosen ->> 'model', ':', 1),
      'model', substr(chosen ->> 'model', strpos(chosen ->> 'model', ':') + 1))
    else '{}' end;

revoke all on function
  private.check_model_settings(jsonb),
  private.chosen_settings(public.sessions, public.bots, jsonb),
  private.with_chosen_settings(jsonb, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_model_settings(jsonb),
  private.chosen_settings(public.sessions, public.bots, jsonb),
  private.with_chosen_settings(jsonb, jsonb)
to service_role;

-- Changes what body has: {principal, session_id, if_match, body: {title, instructions, model, temperature,
-- max_tokens}}, where null, but of the title, removes; the model is provider:model.
create or replace function public.update_session(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  body constant jsonb := coalesce(request -> 'body', '{}');
  new_title constant text := btrim(body ->> 'title');
  session public.sessions;
begin
  session := private.open_own_session(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'session_id'));
  perform private.check_version(request ->> 'if_match', private.session_version(session));
  if body ? 'title' and char_length(new_title) between 1 and 200 is not true then
    perform private.refuse(422, 'invalid_request', 'title must have 1 to 200 characters.');
  end if;
  perform private.check_instructions(body);
  perform private.check_model_settings(body);
  update public.sessions
  set title = coalesce(new_title, title),
      instructions = case when body ? 'instructions' then body ->> 'instructions' else instructions end,
      model = case when body ? 'model' then body ->> 'model' else model end,
      temperature = case when body ? 'temperature'
        then (body ->> 'temperature')::numeric else temperature end,
      max_tokens = case when body ? 'max_tokens'
        then (body ->> 'max_tokens')::integer else max_tokens end
  where session_id = session.session_id
  returning * into session;
  return private.answer(
    private.describe_session(session), etag => private.session_version(session));
end
$$;

-- Deletes a session: {principal, session_id, if_match}. A reply that is being written in it is
-- asked to stop, because nobody will read it.
create or replace function public.delete_session(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  session public.sessions;
begin
  session := private.open_own_session(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'session_id'));
  perform private.check_version(request ->> 'if_match', private.session_version(session));
  update public.sessions set is_active = false where session_id = session.session_id;
  update public.generations set cancel_requested = true
  where session_id = session.session_id and status = 'streaming';
  return private.answer('{"message": "The session is deleted."}');
end
$$;

-- The principal's active sessions, newest first: {principal, query: {limit, offset, project_id,
-- kind, external_id}}.
create or replace function public.list_sessions(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  principal_id uuid;
  wanted_project_id uuid;
  conditions text := 'owner_id = $1 and is_active';
  sessions public.sessions[];
  total bigint;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  wanted_project_id := private.read_id(query, 'project_id');
  if wanted_project_id is not null then
    conditions := conditions || ' and project_id = $2';
  end if;
  if query ->> 'kind' is not null then
    conditions := conditions || ' and kind = $3';
  end if;
  if query ->> 'external_id' is not null then
    conditions := conditions || ' and external_id = $6';
  end if;

  perform private.act_as(principal_id);
  -- Put together, so that each list is planned for what it asks. Ids decide between equals, so that
  -- pages neither repeat nor skip.
  execute format($sql$
    select
      (select count(*) from public.sessions where %1$s),
      array(
        select session from public.sessions session
        where %1$s
        order by last_message_at desc, session_id
        limit $4 offset $5)
    $sql$, conditions)
  into total, sessions
  using principal_id, wanted_project_id, query ->> 'kind', row_count, first_row,
    query ->> 'external_id';
  perform set_config('role', own_role, true);

  return private.answer_page(
    (select jsonb_agg(private.describe_session(sessions[place]) order by place)
     from generate_subscripts(sessions, 1) as place),
    first_row, total);
end
$$;

-- Messages on the path to the session's active leaf, and the reply that is being written after it:
-- {principal, session_id, query: {limit, offset, order}}. Without an order the offset counts from the newest message, and the page that it leads
-- to is in the order of the conversation; `desc` is the same page, newest first; with `asc` the
-- offset counts from the first message.
--
-- Where a message's position is its depth, nothing beside the path came before it, so that the path
-- from the first message to there is found by position. Above that it is walked, from the leaf to
-- the page: what a page costs grows with its distance from the leaf if there are other takes before
-- it, and not otherwise.
create or replace function public.list_messages(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 50);
  first_row constant integer := private.page_start(query);
  sort_order constant text := query ->> 'order';
  principal_id uuid;
  wanted_id uuid;
  leaf_id uuid;
  running public.generations;
  stored_count integer;
  total integer;
  min_depth integer;
  max_depth integer;
  max_position integer;
  walked_ids uuid[];
  page jsonb;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  wanted_id := private.read_id(request, 'session_id');
  if sort_order not in ('asc', 'desc') then
    perform private.refuse(422, 'invalid_request', 'order must be asc or desc.');
  end if;

  -- Before the path, so that a reply that ends meanwhile is in one of the two.
  running := private.running_generation(wanted_id);
  perform private.act_as(principal_id);
  select active_leaf_id,
    coalesce((select depth from public.messages where message_id = active_leaf_id), 0)
  into leaf_id, stored_count
  from public.sessions
  where session_id = wanted_id and is_active;
  if stored_count is null then
    perform set_config('role', own_role, true);
    perform private.refuse_session();
  end if;
  -- The path may have moved away from the question that is being answered.
  if running.user_message_id is distinct from leaf_id then
    running := null;
  end if;
  total := stored_count + (running.generation_id is not null)::integer;

  if first_row >= total then
    perform set_config('role', own_role, true);
    return private.answer_page('[]', first_row, total);
  end if;
  if sort_order = 'asc' then
    min_depth := first_row + 1;
    max_depth := least(first_row + row_count, total);
  else
    max_depth := total - first_row;
    min_depth := greatest(max_depth - row_count + 1, 1);
  end if;
  if max_depth <= stored_count then
    running := null;
  end if;
  max_depth := least(max_depth, stored_count);

  with recursive walked as (
    select message_id, parent_id, depth, position
    from public.messages
    where message_id = leaf_id
    union all
    select parent.*
    from walked child
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select message_id, parent_id, depth, position
      from public.messages
      where message_id = child.parent_id
      limit 1
    ) parent
    where child.depth > min_depth and child.position <> child.depth
  )
  select
    array_agg(message_id) filter (where depth <= max_depth and position <> depth),
    least(max_depth, coalesce(max(depth) filter (where position = depth), 0))
  into walked_ids, max_position
  from walked;

  -- In a statement of its own, which has the last position as a value and not as a query.
  select jsonb_agg(
    private.message_body(message, take.number, take.count)
    order by case sort_order when 'desc' then -message.depth else message.depth end)
  into page
  from (
    select unnest(walked_ids) as message_id
    union all
    select message_id from public.messages
    where session_id = wanted_id and owner_id = principal_id
      and position between min_depth and max_position
  ) listed
  cross join lateral (
    select whole as message, whole.* from public.messages whole
    where whole.message_id = listed.message_id
    limit 1
  ) message
  cross join lateral (
    select count(*) filter (where sibling.position <= message.position) as number,
      count(*) as count
    from (
      select role, position from public.messages
      where session_id = message.session_id and parent_id = message.parent_id
      union all
      select role, position from public.messages
      where message.parent_id is null and session_id = message.session_id and parent_id is null
    ) sibling
    where sibling.role = message.role
  ) take;
  perform set_config('role', own_role, true);
  if running.generation_id is not null then
    page := case sort_order
      when 'desc' then jsonb_build_array(private.running_message(running)) || coalesce(page, '[]')
      else coalesce(page, '[]') || jsonb_build_array(private.running_message(running)) end;
  end if;
  return private.answer_page(page, first_row, total);
end
$$;

-- Replaces the text of a reply: {principal, message_id, body: {content}, if_match}; the body is the
-- message. The old text stays a revision, and what models have been sent stays as it was.
create or replace function public.edit_reply(request jsonb) returns jsonb
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
  end if;

  select count(*) filter (where take.position <= message.position), count(*)
  into take_number, take_count
  from private.takes_of(message) take;
  return private.answer(
    private.message_body(message, take_number, take_count), etag => message.revision::text);
end
$$;

-- Refuses while a turn runs in the session; a turn whose writer is silent is ended instead. The caller has
-- locked the session.
create or replace function private.end_silent_turn(locked_session_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  running public.generations;
begin
  select * into running from public.generations
  where session_id = locked_session_id and status = 'streaming'
  for no key update;
  if not found then
    return;
  end if;
  if not private.is_silent(running) then
    perform private.refuse_while_running(running,
      'A reply is still being written in this session: wait until it ends, or cancel it.');
  end if;
  perform private.end_for_silence(running);
end
$$;

-- The parts of a turn's system prompt: [{part, text}], where part is prompt (ours, a character's, a bot's),
-- project_instructions, session_instructions or dossier. Their texts, one after another, are the system prompt.

-- Those before the dossier. Without any text there are none.
create or replace function private.prompt_parts(session public.sessions, own_prompt text) returns jsonb
language sql stable
return (
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'part', part, 'text', case number when 1 then '' else E'\n\n' end || text)
    order by number), '[]')
  from (
    select part, text, row_number() over (order by place) as number
    from (values
      (1, 'prompt', nullif(own_prompt, '')),
      (2, 'project_instructions', (
        select project.instructions from public.projects project
        where project.project_id = session.project_id)),
      (3, 'session_instructions', session.instructions)
    ) as part_of_prompt (place, part, text)
    where text is not null
  ) as numbered
);

-- The system prompt that has these parts; null for none.
create or replace function private.joined_prompt(parts jsonb) returns text
language sql immutable parallel safe
return (
  select string_agg(part.value ->> 'text', '' order by part.ordinality)
  from jsonb_array_elements(parts) with ordinality as part);

-- The lengths of the parts, stored beside the system prompt: [{part, bytes}].
create or replace function private.measured_parts(parts jsonb) returns jsonb
language sql immutable parallel safe
return (
  select coalesce(jsonb_agg(
    jsonb_build_object('part', part.value -> 'part', 'bytes', octet_length(part.value ->> 'text'))
    order by part.ordinality), '[]')
  from jsonb_array_elements(parts) with ordinality as part);

-- The parts of a kept system prompt, without the lines between them; null if they were not kept.
create or replace function private.kept_parts(system_prompt text, measured jsonb) returns jsonb
language sql immutable parallel safe
return case when measured is not null then (
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'part', placed.part,
      'text', btrim(convert_from(
        substring(convert_to(system_prompt, 'UTF8') from placed.until - placed.bytes + 1 for placed.bytes),
        'UTF8'), E'\n'))
    order by placed.ordinality), '[]')
  from (
    select part.value ->> 'part' as part, (part.value ->> 'bytes')::integer as bytes, part.ordinality,
      (sum((part.value ->> 'bytes')::integer) over (order by part.ordinality))::integer as until
    from jsonb_array_elements(measured) with ordinality as part
  ) as placed) end;

-- A list of one part, or of none.
create or replace function private.part_unless_empty(part text, told text) returns jsonb
language sql immutable parallel safe
return case when coalesce(told, '') = '' then '[]'
  else jsonb_build_array(jsonb_build_object('part', part, 'text', btrim(told, E'\n'))) end;

revoke all on function
  private.prompt_parts(public.sessions, text),
  private.joined_prompt(jsonb),
  private.measured_parts(jsonb),
  private.kept_parts(text, jsonb),
  private.part_unless_empty(text, text)
from public, anon, authenticated, service_role;
grant execute on function
  private.prompt_parts(public.sessions, text),
  private.joined_prompt(jsonb),
  private.measured_parts(jsonb),
  private.kept_parts(text, jsonb),
  private.part_unless_empty(text, text)
to service_role;

-- Refuses a request that does not identify a turn clearly.
create or replace function private.check_turn_request(request jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  max_text_bytes constant integer := 200000;
  max_guidance_characters constant integer := 2000;
  turn_action text := coalesce(request ->> 'action', 'say');
  said text := request ->> 'text';
begin
  if turn_action not in ('say', 'edit', 'regenerate', 'continue') then
    perform private.refuse(422, 'invalid_request',
      'action must be say, edit, regenerate or continue.');
  end if;
  if turn_action in ('say', 'edit')
    and (said is null or said = '' or octet_length(said) > max_text_bytes) then
    perform private.refuse(422, 'invalid_request',
      format('text must have 1 to %s bytes.', max_text_bytes));
  end if;
  if (turn_action = 'say') = (request ->> 'message_id' is not null) then
    perform private.refuse(422, 'invalid_request',
      'message_id must name what edit, regenerate or continue is about, and is for these alone.');
  end if;
  if request ->> 'external_id' is not null then
    if char_length(request ->> 'external_id') not between 1 and 128 then
      perform private.refuse(422, 'invalid_request', 'external_id must have 1 to 128 characters.');
    end if;
    if coalesce(request ->> 'session_id', request ->> 'message_id') is not null then
      perform private.refuse(422, 'invalid_request',
        'external_id names the conversation already: leave session_id and message_id out.');
    end if;
  end if;
  if request ->> 'instruction' is not null and (
    turn_action not in ('regenerate', 'continue')
    or octet_length(request ->> 'instruction') not between 1 and max_text_bytes
  ) then
    perform private.refuse(422, 'invalid_request',
      format('instruction must have 1 to %s bytes and belongs to regenerate or continue.',
        max_text_bytes));
  end if;
  if octet_length(request ->> 'system_prompt') > max_text_bytes then
    perform private.refuse(422, 'invalid_request',
      format('system_prompt must have at most %s bytes.', max_text_bytes));
  end if;
  if jsonb_typeof(coalesce(nullif(request -> 'settings', 'null'), '{}')) <> 'object'
    or jsonb_typeof(coalesce(nullif(request -> 'chosen', 'null'), '{}')) <> 'object'
  then
    perform private.refuse(422, 'invalid_request', 'settings and chosen must be objects.');
  end if;
  perform private.check_model_settings(coalesce(nullif(request -> 'chosen', 'null'), '{}') - 'model');
  if request ->> 'guidance' is not null and (
    turn_action <> 'regenerate'
    or char_length(request ->> 'guidance') not between 1 and max_guidance_characters
  ) then
    perform private.refuse(422, 'invalid_request', format(
      'guidance must have 1 to %s characters and belongs to regenerate.', max_guidance_characters));
  end if;
  perform private.check_instructions(jsonb_build_object('instructions', request -> 'instructions'));
  if request ->> 'instructions' is not null
    and coalesce(request ->> 'session_id', request ->> 'message_id') is not null
  then
    perform private.refuse(422, 'invalid_request',
      'instructions are for a new session: change those of this one with PATCH /sessions/{session_id}.');
  end if;
  if request ->> 'idempotency_key' is not null and (
    char_length(request ->> 'idempotency_key') not between 1 and 255
    or coalesce(request ->> 'request_hash', '') !~ '^[0-9a-f]{64}$'
  ) then
    perform private.refuse(422, 'invalid_request',
      'An idempotency key must have 1 to 255 characters, and a SHA-256 of the request beside it.');
  end if;
  if request ->> 'stream_id' is not null then
    if char_length(request ->> 'stream_id') not between 1 and 128 then
      perform private.refuse(422, 'invalid_request', 'stream_id must have 1 to 128 characters.');
    end if;
    if request ->> 'request_hash' !~ '^[0-9a-f]{64}$' then
      perform private.refuse(422, 'invalid_request',
        'request_hash must be the SHA-256 of the request in hexadecimal digits.');
    end if;
  end if;
end
$$;

-- Returns the session, locked until the transaction ends: the one with this id, or with this external_id of
-- the principal; a new one if there is none, or none is named. An unknown session and another owner's are
-- refused with the same answer. A new chat has a new project unless the request names one; other conversations
-- belong to none then.
create or replace function private.open_session(
  principal_id uuid, session_kind text, wanted_session_id uuid, wanted_external_id text,
  wanted_project_id uuid, new_title text
) returns public.sessions
language plpgsql set search_path = '' as $$
declare
  unknown_session constant text := case session_kind
    when 'companion' then
      'There is no such conversation: leave conversation_id out to begin a new one.'
    else 'There is no such session: leave session_id out to begin a new one.' end;
  own_role constant text := current_setting('role');
  session_is_visible boolean;
  project_is_visible boolean;
  project_of_session uuid := wanted_project_id;
  opened public.sessions;
begin
  perform private.act_as(principal_id);
  session_is_visible := exists (
    select from public.sessions
    where session_id = wanted_session_id and kind = session_kind and is_active);
  project_is_visible := exists (
    select from public.projects where project_id = wanted_project_id);
  perform set_config('role', own_role, true);

  if wanted_session_id is not null and not session_is_visible then
    perform private.refuse(404, 'not_found', unknown_session);
  end if;
  if wanted_project_id is not null and not project_is_visible then
    perform private.refuse(404, 'not_found',
      'There is no such project: leave project_id out to begin a new one.');
  end if;

  if wanted_session_id is null and wanted_external_id is null then
    if project_of_session is null and session_kind = 'chat' then
      insert into public.projects (owner_id, name) values (principal_id, new_title)
      returning project_id into project_of_session;
    end if;
    insert into public.sessions (owner_id, project_id, kind, title)
    values (principal_id, project_of_session, session_kind, new_title)
    returning * into opened;
    return opened;
  end if;

  if wanted_external_id is null then
    -- Read again, because it may have changed before it was locked.
    select * into opened from public.sessions
    where session_id = wanted_session_id and owner_id = principal_id and is_active
    for no key update;
    if not found then
      perform private.refuse(404, 'not_found', unknown_session);
    end if;
  end if;
  -- Repeated as often as necessary: between reading and inserting another first turn may insert it, and
  -- between inserting and reading a deletion may remove it.
  while opened.session_id is null loop
    select * into opened from public.sessions
    where owner_id = principal_id and kind = session_kind and external_id = wanted_external_id
      and is_active
    for no key update;
    if not found then
      insert into public.sessions (owner_id, project_id, kind, external_id, title)
      values (principal_id, wanted_project_id, session_kind, wanted_external_id, new_title)
      on conflict (owner_id, kind, external_id) where external_id is not null and is_active
        do nothing
      returning * into opened;
      if found and session_kind = 'chat' and wanted_project_id is null then
        insert into public.projects (owner_id, name) values (principal_id, new_title)
        returning project_id into project_of_session;
        update public.sessions set project_id = project_of_session
        where session_id = opened.session_id
        returning * into opened;
      end if;
    end if;
  end loop;
  if wanted_project_id is not null and wanted_project_id is distinct from opened.project_id then
    perform private.refuse(422, 'invalid_request',
      'project_id is not the project of this session: leave it out, or begin a new session.');
  end if;
  return opened;
end
$$;

-- The session of the turn, locked and without a running turn; a new one with the request's instructions.
create or replace function private.open_turn_session(principal_id uuid, request jsonb)
returns public.sessions
language plpgsql set search_path = '' as $$
declare
  wanted_session_id uuid := private.read_id(request, 'session_id');
  wanted_message_id uuid := private.read_id(request, 'message_id');
  session_of_message uuid;
  session public.sessions;
begin
  if wanted_message_id is not null then
    session_of_message := private.session_of_message(
      principal_id, wanted_message_id, request ->> 'kind');
    if wanted_session_id <> session_of_message then
      perform private.refuse_unknown_message();
    end if;
    wanted_session_id := session_of_message;
  end if;
  session := private.open_session(
    principal_id, request ->> 'kind', wanted_session_id, request ->> 'external_id',
    private.read_id(request, 'project_id'),
    coalesce(nullif(left(btrim(request ->> 'title'), 200), ''), 'Untitled'));
  perform private.end_silent_turn(session.session_id);
  if session.last_epoch = 0 and session.message_count = 0 and request ->> 'instructions' is not null then
    update public.sessions set instructions = request ->> 'instructions'
    where session_id = session.session_id;
  end if;
  -- Read again: ending the silent turn may have stored its reply.
  select * into session from public.sessions where session_id = session.session_id;
  return session;
end
$$;

-- Inserts the running generation, with all that explains it later, such as the facts in the prompt. `session`
-- is in its state before this turn, `bot` is nulls when no bot is asked.
create or replace function private.start_generation(
  session public.sessions, question public.messages, continued public.messages, bot public.bots,
  history private.turn_history, request jsonb, begun_at timestamptz
) returns public.generations
language plpgsql set search_path = '' as $$
declare
  max_reply_bytes constant integer := 4194304;
  turn_action text := coalesce(request ->> 'action', 'say');
  base_bytes integer := coalesce(octet_length(continued.content), 0);
  generation public.generations;
begin
  if base_bytes >= max_reply_bytes then
    perform private.refuse(422, 'invalid_request', format(
      'This reply has %s bytes and cannot go on: say something instead.', max_reply_bytes));
  end if;
  insert into public.generations (
    owner_id, session_id, stream_id, user_message_id, epoch, provider, model, action, base_bytes,
    saved_bytes, continued_from_id, previous_leaf_id, sent_from_depth, summary_until_id,
    summary_heading, instruction, system_prompt, settings, idempotency_key, request_hash, bot_id,
    dossier_version, dossier_facts, reads_question, prompt, call_id, memory_ids, started_at,
    heartbeat_at, cuts, whole_from_depth, history_budget_tokens, prompt_parts, reply_metadata)
  values (
    session.owner_id, session.session_id,
    coalesce(request ->> 'stream_id', gen_random_uuid()::text), question.message_id,
    session.last_epoch + 1, coalesce(request ->> 'provider', bot.provider),
    coalesce(request ->> 'model', bot.model), turn_action, base_bytes,
    base_bytes, continued.message_id,
    case when turn_action in ('regenerate', 'continue') then session.active_leaf_id end,
    history.from_depth, history.summary_until_id,
    case when history.summary_until_id is not null then request ->> 'summary_heading' end,
    request ->> 'instruction', request ->> 'system_prompt',
    coalesce(nullif(request -> 'settings', 'null'), '{}'),
    request ->> 'idempotency_key',
    case when coalesce(request ->> 'idempotency_key', request ->> 'stream_id') is not null
      then request ->> 'request_hash' end,
    bot.bot_id, (request ->> 'dossier_version')::bigint,
    coalesce(request -> 'dossier_facts', '[]'),
    coalesce((request ->> 'extract')::boolean, false), request ->> 'prompt',
    private.read_id(request, 'call_id'), coalesce(request -> 'memory_ids', '[]'), begun_at,
    begun_at, history.cuts, history.whole_from_depth,
    (request ->> 'history_budget_tokens')::integer, private.measured_parts(request -> 'prompt_parts'),
    coalesce(request -> 'reply_metadata', '{}'))
  on conflict (owner_id, stream_id) do nothing
  returning * into generation;
  if not found then
    -- A guest has just moved to this account: the name was free a moment ago.
    perform private.refuse_stream();
  end if;
  if base_bytes > 0 then
    insert into public.generation_chunks (generation_id, from_offset, text)
    values (generation.generation_id, 0, continued.content);
  end if;
  return generation;
end
$$;

-- Stores the end of a streaming generation: its text becomes the assistant's message, and its chunks are
-- deleted. The caller has locked the session and the generation. `outcome` is finish_turn's request. A run
-- that has added nothing stores nothing, and restores the path. The message exists already if the reply was
-- ended for silence and reopened.
create or replace function private.store_reply(generation public.generations, outcome jsonb)
returns void
language plpgsql set search_path = '' as $$
declare
  usage jsonb := coalesce(nullif(outcome -> 'usage', 'null'), '{}');
  ended_at timestamptz := clock_timestamp();
  content text;
  has_said_something boolean;
  is_known boolean;
  question public.messages;
begin
  select coalesce(string_agg(chunk.text, '' order by chunk.from_offset), '') into content
  from public.generation_chunks chunk
  where chunk.generation_id = generation.generation_id;
  content := content || private.text_beyond(
    generation.saved_bytes,
    coalesce((outcome ->> 'from_offset')::integer, generation.saved_bytes),
    outcome ->> 'text');
  has_said_something := octet_length(content) > generation.base_bytes;

  update public.generations
  set status = outcome ->> 'status',
      saved_bytes = case when has_said_something then octet_length(content) else 0 end,
      provider = coalesce(outcome ->> 'provider', provider),
      model = coalesce(outcome ->> 'model', model),
      finish_reason = outcome ->> 'finish_reason',
      error_code = outcome ->> 'error_code',
      input_tokens = (usage ->> 'input_tokens')::integer,
      output_tokens = (usage ->> 'output_tokens')::integer,
      first_token_ms = (outcome ->> 'first_token_ms')::integer,
      latency_ms = (outcome ->> 'latency_ms')::integer,
      finished_at = ended_at
  where generation_id = generation.generation_id
  returning * into generation;
  perform private.record_turn_calls(generation, outcome);

  delete from public.generation_chunks where generation_id = generation.generation_id;

  if not has_said_something then
    update public.sessions
    set active_leaf_id = generation.previous_leaf_id
    where session_id = generation.session_id
      and active_leaf_id = generation.user_message_id
      and generation.previous_leaf_id is not null;
    return;
  end if;

  select * into question from public.messages where message_id = generation.user_message_id;
  is_known := exists (select from public.messages where message_id = generation.message_id);

  insert into public.messages (
    message_id, session_id, owner_id, parent_id, turn_id, turn_number, position, depth, role,
    content, status, provider, model, input_tokens, output_tokens, metadata, created_at, updated_at)
  select
    generation.message_id, session.session_id, session.owner_id, question.message_id,
    question.turn_id, question.turn_number, session.message_count + 1, question.depth + 1,
    'assistant', content,
    generation.status, generation.provider, generation.model,
    generation.input_tokens, generation.output_tokens,
    jsonb_strip_nulls(jsonb_build_object(
      'status', generation.status,
      'finish_reason', generation.finish_reason,
      'error_code', generation.error_code,
      'stream_id', generation.stream_id,
      'continued_from', generation.continued_from_id,
      'provider', generation.provider,
      'model', generation.model)) || generation.reply_metadata,
    ended_at, ended_at
  from public.sessions session
  where session.session_id = generation.session_id
  on conflict (message_id) do update
  set content = excluded.content, status = excluded.status, provider = excluded.provider,
      model = excluded.model, input_tokens = excluded.input_tokens,
      output_tokens = excluded.output_tokens, metadata = excluded.metadata;

  -- The path may have moved while the model wrote: then the reply is another take beside it.
  update public.sessions
  set message_count = message_count + (not is_known)::integer,
      last_message_at = ended_at,
      active_leaf_id = case
        when active_leaf_id = question.message_id then generation.message_id
        else active_leaf_id
      end
  where session_id = generation.session_id;
end
$$;

-- begin_turn's answer for a turn, whether it has begun just now or earlier.
create or replace function private.describe_turn(
  session public.sessions, question public.messages, generation public.generations
) returns jsonb
language sql stable parallel safe
return pg_catalog.jsonb_build_object(
  'user_id', generation.owner_id,
  'session_id', session.session_id,
  'project_id', session.project_id,
  'user_message_id', question.message_id,
  'message_id', generation.message_id,
  'stream_id', generation.stream_id,
  'generation_id', generation.generation_id,
  'epoch', generation.epoch,
  'turn_number', question.turn_number,
  'title', session.title,
  'action', generation.action,
  'base_bytes', generation.base_bytes)
|| case when generation.reply_metadata = '{}' then '{}'
  else pg_catalog.jsonb_build_object('reply_metadata', generation.reply_metadata) end;

-- Reads a stored or running reply: {principal, stream_id | generation_id, after_bytes}; returns {status,
-- stream_id, generation_id, epoch, session_id, project_id, user_id, message_id, user_message_id, turn_number,
-- action, base_bytes, saved_bytes, text, is_final, cancel_requested, error_code, finish_reason, provider,
-- model, usage, title}, while it runs also silent_in_ms, after which its writer is taken for dead unless it is
-- heard of, `dossier` if the turn has asked for it, and `reply_metadata` if it has any. text is the stored text after the first
-- after_bytes bytes, as it was streamed, even if the message was edited since; empty for a caller that has
-- more than is stored. message_id is null when the reply has ended without text.
create or replace function public.read_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  after_bytes_text text := coalesce(request ->> 'after_bytes', '0');
  after_bytes integer;
  principal_id uuid := private.resolve_principal(request -> 'principal');
  wanted public.generations;
  answer jsonb;
begin
  if after_bytes_text !~ '^[0-9]{1,9}$' then
    perform private.refuse(422, 'invalid_request',
      'after_bytes must be 0 or more: the UTF-8 bytes of the reply that are known.');
  end if;
  after_bytes := after_bytes_text::integer;
  wanted := private.find_generation(principal_id, request);
  perform private.end_if_silent(wanted);

  -- One statement, so that chunks are not deleted by an end of the reply between two reads.
  select jsonb_build_object(
    'status', generation.status,
    'stream_id', generation.stream_id,
    'generation_id', generation.generation_id,
    'epoch', generation.epoch,
    'session_id', session.session_id,
    'project_id', session.project_id,
    'user_id', generation.owner_id,
    'message_id', case
      when generation.status = 'streaming' or generation.saved_bytes > 0 then generation.message_id
    end,
    'user_message_id', generation.user_message_id,
    'turn_number', question.turn_number,
    'action', generation.action,
    'base_bytes', generation.base_bytes,
    'saved_bytes', generation.saved_bytes,
    'text', coalesce(
      case generation.status
        when 'streaming' then private.text_after(chunks.text, chunks.from_offset, after_bytes)
        else private.text_after(coalesce(first_text.content, message.content), 0, after_bytes)
      end, ''),
    'is_final', generation.status <> 'streaming',
    'cancel_requested', generation.cancel_requested,
    'error_code', generation.error_code,
    'finish_reason', generation.finish_reason,
    'provider', generation.provider,
    'model', generation.model,
    'usage', case when generation.input_tokens is not null or generation.output_tokens is not null
      then jsonb_build_object(
        'input_tokens', generation.input_tokens, 'output_tokens', generation.output_tokens)
    end,
    'title', session.title)
    || case when generation.status = 'streaming'
      then jsonb_build_object('silent_in_ms', private.silent_in_ms(generation)) else '{}' end
    || case when generation.reply_metadata = '{}' then '{}'
      else jsonb_build_object('reply_metadata', generation.reply_metadata) end
    || private.dossier_after_turn(generation, session.project_id)
  into answer
  from public.generations generation
  join public.sessions session on session.session_id = generation.session_id
  join public.messages question on question.message_id = generation.user_message_id
  cross join lateral (
    select string_agg(chunk.text, '' order by chunk.from_offset) as text,
      min(chunk.from_offset) as from_offset
    from public.generation_chunks chunk
    where chunk.generation_id = generation.generation_id
      and chunk.from_offset + octet_length(chunk.text) > after_bytes
  ) chunks
  left join public.messages message on message.message_id = generation.message_id
  left join public.message_revisions first_text
    on first_text.session_id = message.session_id
    and first_text.message_id = message.message_id and first_text.revision = 1
  where generation.generation_id = wanted.generation_id;
  return answer;
end
$$;

-- The prompt of a reply: {principal, message_id}; the body is {message_id, stream_id, action, provider,
-- model, system_prompt, system_prompt_parts, settings, summary, messages, attachments, facts, memories, tokens: {in, out},
-- created_at}, where summary covers the conversation before the messages, facts are the dossier's, and memories
-- the companion's, whose text is left out where it has been forgotten since.
create or replace function public.read_context(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  principal_id uuid := private.resolve_principal(request -> 'principal');
  wanted_id uuid := private.read_id(request, 'message_id');
  is_visible boolean;
  generation public.generations;
  summary_sent text;
  memories jsonb;
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
  select summary into summary_sent from public.session_summaries
  where session_id = generation.session_id
    and until_message_id = generation.summary_until_id;
  memories := private.describe_told_memories(generation);
  return private.answer(jsonb_build_object(
    'message_id', generation.message_id,
    'stream_id', generation.stream_id,
    'action', generation.action,
    'provider', generation.provider,
    'model', generation.model,
    'system_prompt', case
      when memories = '[]' and generation.summary_heading || summary_sent is null
        then generation.system_prompt
      else concat(generation.system_prompt,
        private.tell_memories(jsonb_path_query_array(memories, '$[*].text')),
        generation.summary_heading || summary_sent)
    end,
    'system_prompt_parts', private.kept_parts(generation.system_prompt, generation.prompt_parts)
      || private.part_unless_empty('memories', case when memories <> '[]'
        then private.tell_memories(jsonb_path_query_array(memories, '$[*].text')) end)
      || private.part_unless_empty('summary', generation.summary_heading || summary_sent),
    'settings', generation.settings,
    'summary', summary_sent,
    'messages', private.read_sent_messages(principal_id, generation),
    'attachments', coalesce((
      select question.metadata -> 'attachments' from public.messages question
      where question.message_id = generation.user_message_id), '[]'),
    'facts', private.describe_facts(generation),
    'memories', memories,
    'tokens', jsonb_build_object('in', generation.input_tokens, 'out', generation.output_tokens),
    'created_at', private.iso(generation.started_at)));
end
$$;

-- Begins a turn in one of four ways: a new message is said, an earlier message is edited, a reply is
-- regenerated, or a reply is continued. A repeated request begins nothing, unless its writer has died before
-- it stored any text, or its turn has failed without a word: then the turn runs again. One call is one transaction. Locks are taken in the order
-- principal, call, idempotency key, rate limit, session, generation.
--
-- Takes {principal, kind, session_id | null, project_id | null, text, title, provider, model,
-- history_budget_tokens, stream_id | null, claimed_user_id | null} and, all optional, {action, message_id,
-- external_id, bot_id, instruction, system_prompt, prompt, settings, idempotency_key, request_hash,
-- rate_limit, message_metadata, task_prompts, task_prompt_labels, dossier, dossier_heading, extract,
-- if_newest, call_id, wait_ms, chosen, guidance, instructions}.
--   principal         what private.resolve_principal takes
--   title             for a session that is created
--   claimed_user_id   must be the principal's own
--   rate_limit        {action, max_requests, window_seconds}
--   external_id       in place of session_id, the caller's name for the conversation, which its first turn
--                     creates
--   bot_id            of a bot that the principal may use; where provider and model are absent, the bot's
--                     are kept of the turn
--   message_metadata  {task, attachments, client_id}, all optional, kept with the user's message:
--                     client_id is what the client calls it; attachments, with the `tokens` that each
--                     takes of the budget, are for the caller to send; task is what
--                     the message asks for, and when that message is answered again its prompt in
--                     task_prompts, an object, is kept as the system prompt, and its label in
--                     task_prompt_labels as `prompt`
--   prompt            name and version of the prompt that system_prompt is, such as chat-1
--   dossier           true: the turn is told what is known of the story, after dossier_heading, and the
--                     system prompt that is kept ends with both
--   extract           whether the user's message is worth reading for the dossier, however the turn ends
--   kinds             {companion: {system_prompt, prompt, ...}}: other kinds of conversations whose messages
--                     the action may concern, with what takes the place of the request's members then
--   character_id, given, greeting_index, user_word
--                     of a conversation with a companion: see private.prepare_conversation
--   character_prompt, character_prompt_label, caller_instructions
--                     see private.with_character
--   call_id           a new UUID, by which the caller takes the turn back if it gives up (withdraw_turn)
--   if_newest         refuses with 412 unless message_id is the path's last message
--   chosen            {model, temperature, max_tokens}, all optional: what this turn's model is to be and to do;
--                     what is absent the session decides. settings are then the deployment's, whose
--                     max_output_tokens is the most that may be chosen
--   guidance          what a regenerate is told for this take, as `instruction` says it to the model: kept in
--                     the reply's metadata
--   instructions      of a session that is created, which follow the system prompt from then on
--   wait_ms           refuses when more than this has passed since the transaction began: nobody waits
--                     any more
--   action            say         `text` comes after the path's end (the default)
--                     edit        `text` stands beside the user's message `message_id`
--                     regenerate  the reply `message_id` is taken again, or the user's message answered
--                                 again, after `instruction` if there is one
--                     continue    the reply `message_id` goes on in a new take, after `instruction` if
--                                 there is one
--
-- Returns {user_id, session_id, project_id | null, user_message_id, message_id, stream_id,
-- generation_id, epoch, turn_number, title, action, base_bytes, created_session, summary | null,
-- history, replayed}, where message_id is the one that the reply will have, its text so far has
-- base_bytes, history is what the model is sent before `text` or `instruction`, and summary is of
-- what was said before that; if `text` is too long for the budget, also text: what is sent in its place; of regenerate and continue also the message_metadata of the message that is
-- answered, if it has any; with a bot_id also bot: {bot_id, provider, model, system, access_path,
-- access_key}, with a rate_limit also rate: {limit, remaining, reset_s}. A request that was made
-- before, under its idempotency key or its stream_id, has `replayed` true, the `status` of that turn,
-- neither history nor summary, and neither bot nor rate: call read_turn. With `dossier`, of a session that
-- has a project, also dossier: {version, pending, updated, told}, where told is to be sent after the system
-- prompt. Of a companion's or a realtime session also `kind`; of a companion's also {character}. Where only the
-- database knows the system prompt, or the project or the session has instructions, also system_prompt: what
-- is to be sent in place of the request's. With chosen settings, of the turn or its session, also `chosen`, and
-- with anything that the reply's metadata tells of its request `reply_metadata`. For a named principal also created_user:
-- whether nobody had this id.
create or replace function public.begin_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- The bytes of the dossier that the model gets for each token of history: about a quarter of the budget.
  dossier_bytes_per_token constant integer := 1;
  turn_action text := coalesce(request ->> 'action', 'say');
  rate_limit jsonb := nullif(request -> 'rate_limit', 'null');
  wanted_bot_id bigint := private.read_bot_id(request);
  principal_id uuid;
  wanted_call_id constant uuid := private.read_id(request, 'call_id');
  wait_ms constant integer := (request ->> 'wait_ms')::integer;
  named public.generations;
  dead_question public.messages;
  rate jsonb;
  bot public.bots;
  companion public.characters;
  session public.sessions;
  target public.messages;
  continued public.messages;
  question public.messages;
  history private.turn_history;
  generation public.generations;
  dossier jsonb;
  told text;
  sent_parts jsonb;
  kept_parts jsonb;
  chosen jsonb;
  begun_at timestamptz;
begin
  perform private.check_turn_request(request);
  perform private.check_message_metadata(request);
  principal_id := private.resolve_principal(request -> 'principal');
  request := private.request_of_kind(principal_id, request);
  if private.read_id(request, 'claimed_user_id') <> principal_id then
    perform private.refuse(403, 'forbidden',
      'The user id names somebody else than the token: leave it out, or send that user''s token.');
  end if;
  if wanted_call_id is not null then
    perform private.lock_call(wanted_call_id);
  end if;
  named := private.find_named_generation(principal_id, request);
  if named.generation_id is not null then
    -- Before the session of a run that has died.
    perform private.hold_principal(principal_id);
    dead_question := private.forget_dead_run(named);
    if dead_question.message_id is null then
      return private.describe_repeated_turn(named);
    end if;
    if coalesce(request ->> 'external_id', request ->> 'message_id') is null then
      request := request || jsonb_build_object('session_id', named.session_id);
    end if;
  end if;
  if rate_limit is not null then
    rate := private.take_rate_limit(principal_id, rate_limit ->> 'action',
      (rate_limit ->> 'max_requests')::integer, (rate_limit ->> 'window_seconds')::integer);
  end if;
  if wanted_bot_id is not null then
    bot := private.visible_bot(principal_id, wanted_bot_id);
  end if;

  session := private.open_turn_session(principal_id, request);
  if session.kind = 'companion' then
    if turn_action = 'say' and dead_question.message_id is null then
      session := private.prepare_conversation(session, request, transaction_timestamp());
    end if;
    companion := private.visible_character(principal_id, session.character_id);
    request := private.with_character(session, companion, request);
  end if;
  chosen := private.chosen_settings(session, bot, request);
  request := private.with_chosen_settings(request, chosen);
  if turn_action <> 'say' then
    target := private.read_target(session, private.read_id(request, 'message_id'));
    if (request ->> 'if_newest')::boolean and target.message_id is distinct from session.active_leaf_id then
      perform private.refuse(412, 'precondition_failed',
        'The conversation has gone on from another message. Read it, and decide anew.');
    end if;
  end if;
  if turn_action = 'continue' then
    continued := target;
  end if;
  perform private.check_still_awaited(wanted_call_id, wait_ms);
  -- Read after the lock: a call that had to wait for it comes later than what it waited for.
  begun_at := clock_timestamp();
  if dead_question.message_id is not null then
    question := dead_question;
  else
    question := private.place_question(session, turn_action, target, request ->> 'text',
      request -> 'message_metadata', begun_at);
  end if;
  if request -> 'task_prompts' ? (question.metadata ->> 'task') then
    request := request || jsonb_build_object(
      'system_prompt', request -> 'task_prompts' -> (question.metadata ->> 'task'),
      'prompt', request -> 'task_prompt_labels' -> (question.metadata ->> 'task'));
  end if;
  request := request || jsonb_build_object(
    'history_budget_tokens',
    (request ->> 'history_budget_tokens')::integer - private.attached_tokens(question));
  if session.kind = 'companion' then
    request := private.with_memories(session, question, request);
  end if;
  sent_parts := private.prompt_parts(session, coalesce(request ->> 'system_prompt', bot.system));
  -- Another owner's bot keeps its instructions secret, even from the user of the turn.
  kept_parts := case when bot.owner_id <> session.owner_id
    then private.prompt_parts(session, request ->> 'system_prompt') else sent_parts end;
  history := private.read_turn_history(principal_id, question, continued, request);
  update public.sessions
  set active_leaf_id = question.message_id,
      turn_count = greatest(turn_count, question.turn_number),
      message_count = greatest(message_count, question.position),
      last_epoch = session.last_epoch + 1,
      last_message_at = begun_at
  where session_id = session.session_id;
  -- After the path has moved, which the dossier follows.
  if (request ->> 'dossier')::boolean and session.project_id is not null then
    dossier := private.dossier_of_turn(
      session, (request ->> 'history_budget_tokens')::integer * dossier_bytes_per_token);
    told := case when dossier ->> 'text' <> ''
      then concat(request ->> 'dossier_heading', dossier ->> 'text') else '' end;
    request := request || jsonb_build_object(
      'dossier_version', dossier -> 'version',
      'dossier_facts', dossier -> 'fact_ids');
    if told <> '' then
      kept_parts := kept_parts || jsonb_build_object('part', 'dossier', 'text', told);
    end if;
    dossier := dossier - array['text', 'fact_ids'] || jsonb_build_object('told', told);
  end if;
  request := request || jsonb_build_object(
    'system_prompt', private.joined_prompt(kept_parts), 'prompt_parts', kept_parts);
  generation := private.start_generation(
    session, question, continued, bot, history, request, begun_at);

  return private.describe_turn(session, question, generation)
    || jsonb_build_object(
      'created_session', coalesce(named.epoch, generation.epoch) = 1,
      'summary', history.summary,
      'history', history.messages,
      'replayed', false)
    || case when history.question_text is null then '{}'
      else jsonb_build_object('text', history.question_text) end
    || case when turn_action in ('regenerate', 'continue') and question.metadata <> '{}'
      then jsonb_build_object('message_metadata', question.metadata) else '{}' end
    || case when session.kind in ('chat', 'relay') then '{}'
      else jsonb_build_object('kind', session.kind) end
    || case when session.kind = 'companion' or (session.kind = 'realtime' and request ? 'kinds')
        or jsonb_path_exists(sent_parts, '$[*] ? (@.part != "prompt")')
      then jsonb_build_object('system_prompt', nullif(
        concat(private.joined_prompt(sent_parts), request ->> 'memory_text'), '')) else '{}' end
    || case when session.kind <> 'companion' then '{}'
      else private.describe_companion(session, companion) end
    || case when chosen = '{}' then '{}' else jsonb_build_object('chosen', chosen) end
    || case when request -> 'principal' ->> 'kind' <> 'named' then '{}'
      else jsonb_build_object('created_user', exists (
        select from public.principals
        where id = principal_id and created_at = transaction_timestamp())) end
    || case when wanted_bot_id is null then '{}'
      else jsonb_build_object('bot', private.bot_to_ask(bot)) end
    || case when dossier is null then '{}' else jsonb_build_object('dossier', dossier) end
    || case when rate is null then '{}' else jsonb_build_object('rate', rate) end;
end
$$;
