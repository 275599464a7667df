-- Long messages are read whole, in parts, for the summary of a realtime session and for a companion's memory.

alter table public.memory_readings
  add column read_bytes integer not null default 0 check (read_bytes >= 0);

create or replace function private.realtime_summary_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  lock_pause constant interval := '1 second';
  max_messages constant integer := 200;
  max_bytes constant integer := 65536;
  leaf_id uuid;
  live public.live_sessions;
  look_again_at timestamptz;
  is_continued boolean;
  after_depth integer := 0;
  read_until jsonb;
  until_depth integer;
  bytes_left integer := max_bytes;
  said record;
  from_byte integer;
  rest text;
  piece text;
  messages jsonb := '[]';
  ends_inside jsonb;
begin
  -- That lock comes before the job's, so this does not wait for it.
  select active_leaf_id into leaf_id from public.sessions
  where session_id = job.session_id and is_active
  for no key update skip locked;
  if not found then
    if exists (select from public.sessions where session_id = job.session_id and is_active) then
      perform private.postpone_step(step, clock_timestamp() + lock_pause);
    end if;
    return null;
  end if;
  select * into live from public.live_sessions where session_id = job.session_id;
  if live.end_time is null then
    look_again_at := private.end_left_session(live);
    if look_again_at is not null then
      perform private.postpone_step(step, look_again_at);
      return null;
    end if;
  end if;
  if live.summary is not null then
    return null;
  end if;

  is_continued := (step.payload ->> 'visit')::integer = live.visit and step.payload ? 'notes';
  if is_continued then
    after_depth := (step.payload ->> 'after_depth')::integer;
    read_until := step.payload -> 'read_until';
  end if;
  until_depth := after_depth;
  for said in
    with recursive path as (
      select message_id, parent_id, depth from public.messages where message_id = leaf_id
      union all
      select parent.message_id, parent.parent_id, parent.depth
      from path child
      -- The limit keeps the planner from joining with the whole table.
      cross join lateral (
        select * from public.messages where message_id = child.parent_id limit 1
      ) parent
      where child.depth > after_depth + 1
    )
    select path.depth, event.event_id, event.role, event.content
    from (select * from path where depth > after_depth order by depth limit max_messages) path
    cross join lateral (
      select newest.event_id, newest.role, newest.content
      from public.conversation_events newest
      where newest.session_id = job.session_id and newest.message_id = path.message_id
        and newest.type = 'message'
      order by newest.event_id desc
      limit 1
    ) event
    order by path.depth
  loop
    -- A text that has been changed since is read from its beginning.
    from_byte := case when (read_until ->> 'event_id')::bigint = said.event_id
      then (read_until ->> 'read_bytes')::integer else 0 end;
    rest := private.text_part(said.content, from_byte, octet_length(said.content));
    exit when messages <> '[]' and octet_length(rest) > bytes_left;
    piece := private.text_part(rest, 0, bytes_left);
    bytes_left := bytes_left - octet_length(piece);
    messages := messages || jsonb_build_object('role', said.role, 'content', piece);
    if octet_length(piece) < octet_length(rest) then
      ends_inside := jsonb_build_object(
        'event_id', said.event_id, 'read_bytes', from_byte + octet_length(piece));
      exit;
    end if;
    until_depth := said.depth;
  end loop;
  if messages = '[]' then
    return null;
  end if;
  -- The step keeps for private.realtime_summary_store what this part reaches.
  update public.job_steps
  set payload = payload || jsonb_build_object(
    'visit', live.visit,
    'until_depth', until_depth,
    'ends_inside', ends_inside,
    'is_last', ends_inside is null
      and until_depth >= (select depth from public.messages where message_id = leaf_id))
  where job_id = step.job_id and job_steps.step = realtime_summary_work.step.step;
  return jsonb_build_object(
    'previous_summary', case when is_continued then step.payload ->> 'notes' end,
    'messages', messages);
end
$$;

create or replace function private.realtime_summary_store(
  job public.jobs, step public.job_steps, made jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_summary_bytes constant integer := 8192;
  outcome constant jsonb := made -> 'result';
  is_current boolean;
begin
  if (made ->> 'already')::boolean then
    return '{}';
  end if;
  if jsonb_typeof(outcome -> 'summary') is distinct from 'string'
    or octet_length(outcome ->> 'summary') not between 1 and max_summary_bytes then
    perform private.refuse(422, 'invalid_request',
      format('result.summary must be a text of 1 to %s bytes.', max_summary_bytes));
  end if;
  select end_time is not null and visit = (step.payload ->> 'visit')::integer into is_current
  from public.live_sessions
  where session_id = job.session_id;
  if not is_current then
    return jsonb_build_object('result', '{"outdated": true}'::jsonb);
  end if;
  if (step.payload ->> 'is_last')::boolean then
    update public.live_sessions set summary = outcome ->> 'summary'
    where session_id = job.session_id;
  else
    perform private.add_steps(job, jsonb_build_array(jsonb_build_object(
      'visit', step.payload -> 'visit',
      'notes', outcome -> 'summary',
      'after_depth', step.payload -> 'until_depth',
      'read_until', step.payload -> 'ends_inside')), clock_timestamp());
  end if;
  return jsonb_build_object('result', outcome - 'summary');
end
$$;

create or replace function private.companion_memory_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 10;
  max_bytes constant integer := 24576;
  messages_before constant integer := 4;
  characters_before constant integer := 1500;
  session public.sessions;
  log public.memory_logs;
  unread record;
  part text;
  bytes_left integer := max_bytes;
  wanted_ids uuid[] := '{}';
  parts jsonb := '[]';
  spans jsonb := '[]';
  before jsonb := '[]';
begin
  select * into session from public.sessions where session_id = job.session_id and is_active;
  if not found then
    return null;
  end if;
  log := private.open_memory_log(session.owner_id, session.character_id);
  for unread in
    select message.message_id, message.role, message.content, message.created_at, waiting.read_bytes
    from (
      select message_id, depth from private.unread_for_memory(session.session_id)
      order by depth limit max_messages
    ) wanted
    cross join lateral (
      select * from public.messages where message_id = wanted.message_id limit 1
    ) message
    join public.memory_readings waiting
      on waiting.session_id = session.session_id and waiting.message_id = wanted.message_id
    order by wanted.depth
  loop
    part := private.text_part(unread.content, unread.read_bytes, octet_length(unread.content));
    -- Only the first is read in parts, so that a short message is not torn.
    exit when parts <> '[]' and octet_length(part) > bytes_left;
    part := private.text_part(part, 0, bytes_left);
    wanted_ids := wanted_ids || unread.message_id;
    parts := parts || jsonb_build_object(
      'message_id', unread.message_id,
      'role', unread.role,
      'text', part,
      'from_byte', unread.read_bytes,
      'created_at', floor(extract(epoch from unread.created_at) * 1000)::bigint);
    spans := spans || jsonb_build_object(
      'message_id', unread.message_id,
      'from_byte', unread.read_bytes,
      'to_byte', unread.read_bytes + octet_length(part));
    exit when unread.read_bytes + octet_length(part) < octet_length(unread.content);
    bytes_left := bytes_left - octet_length(part);
  end loop;
  if parts = '[]' and log.version = log.folded_to then
    return null;
  end if;
  if wanted_ids <> '{}' then
    with recursive earlier as (
      select wanted_ids[cardinality(wanted_ids)] as next_id, null::uuid as message_id,
        null::text as role, null::text as content, null::timestamptz as created_at, 0 as steps
      union all
      select parent.parent_id, parent.message_id, parent.role, parent.content, parent.created_at,
        earlier.steps + 1
      from earlier
      -- The limit keeps the planner from joining with the whole table.
      cross join lateral (
        select * from public.messages where messages.message_id = earlier.next_id limit 1
      ) parent
      where earlier.steps < messages_before + 2 * cardinality(wanted_ids) - 1
    ),
    told as (
      select earlier.message_id, earlier.role, earlier.created_at, earlier.steps,
        case when earlier.message_id = wanted_ids[1]
          then private.text_part(earlier.content, 0, (parts #>> '{0,from_byte}')::integer)
          else earlier.content end as content
      from earlier
      where earlier.message_id = wanted_ids[1] or earlier.message_id <> all (wanted_ids)
    )
    select coalesce(jsonb_agg(jsonb_build_object(
        'message_id', message_id,
        'role', role,
        'text', right(content, characters_before),
        'from_byte', octet_length(content) - octet_length(right(content, characters_before)),
        'created_at', floor(extract(epoch from created_at) * 1000)::bigint)
      order by steps desc), '[]')
    into before
    from told
    where content <> '';
  end if;
  update public.job_steps claimed
  set payload = claimed.payload || jsonb_build_object('read', spans)
  where claimed.job_id = step.job_id and claimed.step = companion_memory_work.step.step;
  return private.describe_memory_log(log.memory_log_id)
    || jsonb_build_object('messages', parts, 'before', before);
end
$$;

create or replace function private.companion_memory_fail(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_failures constant integer := 3;
begin
  update public.memory_readings waiting
  set failures = failures + 1, is_read = failures + 1 >= max_failures
  where waiting.session_id = job.session_id and not waiting.is_read
    and waiting.message_id in (
      select (sent.value ->> 'message_id')::uuid
      from jsonb_array_elements(coalesce(step.payload -> 'read', '[]')) as sent (value));
  return null;
end
$$;

create or replace function private.companion_memory_store(
  job public.jobs, step public.job_steps, made jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  outcome constant jsonb := made -> 'result';
  session public.sessions;
  log public.memory_logs;
  stored jsonb;
begin
  if (made ->> 'already')::boolean then
    return '{}';
  end if;
  select * into session from public.sessions where session_id = job.session_id and is_active;
  if not found then
    return jsonb_build_object('result', '{}'::jsonb);
  end if;
  log := private.open_memory_log(session.owner_id, session.character_id);
  stored := private.store_memories(log.memory_log_id, outcome);
  update public.memory_readings waiting
  set read_bytes = sent.to_byte,
      is_read = sent.to_byte >= (
        select octet_length(message.content) from public.messages message
        where message.message_id = waiting.message_id),
      failures = 0
  from jsonb_to_recordset(coalesce(step.payload -> 'read', '[]'))
    as sent (message_id uuid, from_byte integer, to_byte integer)
  where waiting.session_id = job.session_id and waiting.message_id = sent.message_id
    and waiting.read_bytes = sent.from_byte;
  return jsonb_build_object(
    'result', outcome - array['base', 'assertions', 'erased', 'outdated', 'memories'],
    'has_more', not (stored ->> 'is_folded')::boolean
      or exists (select from private.unread_for_memory(job.session_id)));
end
$$;

create or replace function private.memory_terms(said text) returns text[]
language sql immutable set search_path = '' as $$
  with words as (
    select word
    from regexp_split_to_table(lower(
        -- A long text gives the words of its beginning and its end.
        case when char_length(said) <= 20000 then said
          else left(said, 10000) || ' ' || right(said, 10000) end),
      '[\s!-/:-@\[-`{-~' || U&'\00A1-\00BF\2010-\2027\3000-\3002\300C-\3011\FF01-\FF0F\FF1A-\FF20' || ']+')
      as word
    where char_length(word) between 2 and 200 or word ~ '^[0-9]$'
  ),
  pieces as (
    select case
        when char_length(word) > 6 and word ~ '(ing|ed)$' then regexp_replace(word, '(ing|ed)$', '')
        when char_length(word) > 3 and word ~ '[^s]s$' then left(word, -1)
        else word end as piece
    from words
    where word !~ U&'[\3040-\30FF\3400-\9FFF\AC00-\D7AF]' and word <> all (string_to_array(
      'an the and or but if so as at by for from in into of off on out over to up with without about after '
      'again all also am are be been before being both can cannot could did do does doing done down each few '
      'get gets getting go goes going gone got had has have having he her here hers him his how is it its just '
      'know let like liked likes ll make made many may me might more most much must my need never no nor not '
      'any every now only other our ours us use used '
      ' own please re really said same say says she should some such take tell than '
      'thank thanks that their them then there these they thing things think this those too ve very want wants '
      'was we well were what when where which while who whom why will would yes yeah ok okay you your yours '
      'user isn don didn doesn wasn won always one today tomorrow yesterday hello hi hey '
      'der die das den dem des ein eine einen einem einer und oder aber ist sind war waren bin bist hat habe '
      'haben ich du er sie es wir ihr mich mir dich dir uns mein meine dein deine sein seine nicht kein keine '
      'mit von zu zum zur auf aus bei nach im am um als auch noch nur schon sehr wie was wer wo wenn dass '
      'le la les un une des du et ou est sont je tu il elle nous vous ils elles mon ma mes ton ta tes son sa '
      'ses ne pas que qui dans pour sur avec sans au aux ce cette '
      'el los las una unos unas es son yo tu mi mis su sus no que en de con por para como pero muy lo del al',
      ' '))
  )
  select coalesce(array_agg(distinct term order by term), '{}')
  from (
    select left(piece, 6) as term from pieces where piece ~ '..|[0-9]'
    union all
    select substr(word, place, 2)
    from words
    cross join lateral generate_series(1, char_length(word) - 1) place
    -- Hiragana alone are endings and particles.
    where word ~ U&'[\3040-\30FF\3400-\9FFF\AC00-\D7AF]'
      and substr(word, place, 2) !~ U&'^[\3040-\309F]+$'
  ) found
$$;
