-- Adds entries to a memory's log, and stores the resulting memories.

-- Refuses anything but a list of entries.
create function private.check_memory_entries(entries jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  max_entries constant integer := 200;
begin
  if jsonb_typeof(entries) is distinct from 'array'
    or jsonb_array_length(entries) > max_entries
    or exists (
      select from jsonb_array_elements(entries) sent (value)
      where (sent.value ->> 'assertion_id') ~ '^[0-9a-f]{64}$' is not true
        or (sent.value ->> 'kind') in ('extracted', 'user') is not true
        or jsonb_typeof(sent.value -> 'body') is distinct from 'object')
  then
    perform private.refuse(422, 'invalid_request', format(
      'assertions must be an array of at most %s entries of a memory''s log.', max_entries));
  end if;
end
$$;

-- Deletes data that no longer counts: forgotten words, and the summaries that contain them or something
-- corrected since.
create function private.erase_memories(log public.memory_logs, request jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  update public.memory_readings reading
  set forgotten = reading.forgotten || jsonb_build_array(jsonb_build_array(
    (entry.body #>> '{source,begin}')::integer, (entry.body #>> '{source,end}')::integer))
  from public.memory_entries entry
  where entry.memory_log_id = log.memory_log_id
    and entry.assertion_id in (select jsonb_array_elements_text(request -> 'erased'))
    and reading.message_id = entry.message_id
    and reading.session_id = (
      select session_id from public.messages where message_id = entry.message_id)
    and entry.body #>> '{source,end}' is not null;
  update public.session_summaries summary
  set is_stale = true
  from public.memory_entries entry
  join public.messages message on message.message_id = entry.message_id
  where entry.memory_log_id = log.memory_log_id
    and entry.assertion_id in (
      select jsonb_array_elements_text(request -> 'erased')
      union all select jsonb_array_elements_text(request -> 'outdated'))
    and summary.session_id = message.session_id and summary.until_position >= message.position
    and not summary.is_stale;
  delete from public.memory_entries
  where memory_log_id = log.memory_log_id
    and assertion_id in (select jsonb_array_elements_text(request -> 'erased'));
end
$$;

-- Replaces public.memories by the edge's fold: [{memory_id, type, text, date | null, is_pinned, source, quote
-- | null, message_id | null, message_ids, said_at}], where said_at is in milliseconds since the epoch.
create function private.replace_memories(log public.memory_logs, folded jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  delete from public.memories memory
  where memory.memory_log_id = log.memory_log_id and not exists (
    select from jsonb_array_elements(folded) kept
    where kept.value ->> 'memory_id' = memory.memory_id);
  insert into public.memories as known (
    memory_log_id, owner_id, memory_id, character_id, type, text, date, is_pinned, source, quote,
    message_id, message_ids, terms, said_at, created_at, updated_at)
  select log.memory_log_id, log.owner_id, sent.memory_id, log.character_id, sent.type, sent.text,
    sent.date, sent.is_pinned, sent.source, sent.quote, sent.message_id, sent.message_ids,
    private.memory_terms(sent.text), to_timestamp(sent.said_at / 1000.0), clock_timestamp(),
    clock_timestamp()
  from jsonb_to_recordset(folded) as sent (
    memory_id text, type text, text text, date date, is_pinned boolean, source text, quote text,
    message_id uuid, message_ids uuid[], said_at bigint)
  on conflict (memory_log_id, memory_id) do update
  set type = excluded.type, text = excluded.text, date = excluded.date,
      is_pinned = excluded.is_pinned, source = excluded.source, quote = excluded.quote,
      message_id = excluded.message_id, message_ids = excluded.message_ids, is_hidden = false,
      terms = excluded.terms, said_at = excluded.said_at, updated_at = excluded.updated_at
  where (known.type, known.text, known.date, known.is_pinned, known.source, known.quote,
      known.message_id, known.message_ids, known.is_hidden, known.said_at)
    is distinct from (excluded.type, excluded.text, excluded.date, excluded.is_pinned,
      excluded.source, excluded.quote, excluded.message_id, excluded.message_ids, false,
      excluded.said_at);
end
$$;

-- Adds the entries of a worker's or a user's request: {base, assertions, erased?, outdated?, memories}. Known
-- entries are not added again, nor those of messages that are not on their path now. The memories are stored,
-- and `erased` and `outdated` ones deleted, only if base is still the version: otherwise fold again. Returns
-- {version, is_folded}. The log is locked here, after the sessions.
create function private.store_memories(wanted_log_id uuid, request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_entries constant integer := 3000;
  log public.memory_logs;
  is_current boolean;
  entry_count integer;
  added integer;
begin
  perform private.check_memory_entries(request -> 'assertions');
  select * into log from public.memory_logs where memory_log_id = wanted_log_id for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such memory any more: stop.');
  end if;
  is_current := log.version = (request ->> 'base')::bigint;
  select count(*) into entry_count from public.memory_entries where memory_log_id = wanted_log_id;
  insert into public.memory_entries (
    memory_log_id, owner_id, position, assertion_id, kind, body, message_id, created_at)
  select log.memory_log_id, log.owner_id,
    log.last_position + row_number() over (order by sent.place), sent.value ->> 'assertion_id',
    sent.value ->> 'kind', sent.value -> 'body', (sent.value ->> 'message_id')::uuid,
    clock_timestamp()
  from jsonb_array_elements(request -> 'assertions') with ordinality as sent (value, place)
  where entry_count + sent.place <= max_entries
    and not exists (
      select from public.memory_entries known
      where known.memory_log_id = log.memory_log_id
        and known.assertion_id = sent.value ->> 'assertion_id')
    and (sent.value ->> 'message_id' is null or private.is_on_memory_path(
      log.owner_id, log.character_id, (sent.value ->> 'message_id')::uuid));
  get diagnostics added = row_count;
  if is_current then
    perform private.erase_memories(log, request);
    perform private.replace_memories(log, request -> 'memories');
  end if;
  update public.memory_logs
  set last_position = last_position + added,
      version = version + 1,
      folded_to = case
        when is_current and added = jsonb_array_length(request -> 'assertions') then version + 1
        else folded_to end
  where memory_log_id = log.memory_log_id
  returning * into log;
  return jsonb_build_object('version', log.version, 'is_folded', log.folded_to = log.version);
end
$$;

-- Whether the message is on its conversation's path, in a conversation of this owner with this character.
create function private.is_on_memory_path(
  wanted_owner_id uuid, wanted_character_id uuid, wanted_message_id uuid
) returns boolean
language sql stable set search_path = '' as $$
  select coalesce((
    select session.is_active and session.owner_id = wanted_owner_id
      and session.character_id is not distinct from wanted_character_id
      and private.message_on_path(session.active_leaf_id, message.depth) = message.message_id
    from public.messages message
    join public.sessions session on session.session_id = message.session_id
    where message.message_id = wanted_message_id), false)
$$;

-- Stores the findings in a part of a conversation (jobs/has_job_hook.sql): the result is
-- private.store_memories' request, with any other members to keep. has_more is true while text is unread, or
-- the log must be folded again.
create function private.companion_memory_store(
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

-- Stores a user's act on a memory: {principal, memory_log_id, base, assertions, erased, outdated, memories}.
-- Returns {version, is_folded}. Nothing is done unless base is the version: read the log and decide again.
create function public.commit_memories(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  log public.memory_logs;
begin
  select * into log from public.memory_logs
  where memory_log_id = private.read_id(request, 'memory_log_id') and owner_id = principal_id
  for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such memory: read it again.');
  end if;
  if log.version <> (request ->> 'base')::bigint then
    return jsonb_build_object('version', log.version, 'is_folded', false);
  end if;
  return private.store_memories(log.memory_log_id, request);
end
$$;

revoke all on function
  private.check_memory_entries(jsonb),
  private.erase_memories(public.memory_logs, jsonb),
  private.replace_memories(public.memory_logs, jsonb),
  private.store_memories(uuid, jsonb),
  private.is_on_memory_path(uuid, uuid, uuid),
  private.companion_memory_store(public.jobs, public.job_steps, jsonb),
  public.commit_memories(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_memory_entries(jsonb),
  private.erase_memories(public.memory_logs, jsonb),
  private.replace_memories(public.memory_logs, jsonb),
  private.store_memories(uuid, jsonb),
  private.is_on_memory_path(uuid, uuid, uuid),
  private.companion_memory_store(public.jobs, public.job_steps, jsonb),
  public.commit_memories(jsonb)
to service_role;
