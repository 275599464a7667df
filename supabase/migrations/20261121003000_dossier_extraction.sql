-- What is still to be read of conversations for their dossier: rows that say how far each message has
-- been read, and work that goes on until nothing is left. So it survives the death of whoever did it, and
-- no part of a message is read twice.

create table public.message_extractions (
  session_id uuid not null,
  message_id uuid not null,
  owner_id uuid not null,
  -- UTF-8 bytes of the message's text, from its beginning, that have been read.
  read_bytes integer not null default 0 check (read_bytes >= 0),
  is_done boolean not null default false,
  -- How often work on it was given up.
  failures integer not null default 0 check (failures >= 0),
  created_at timestamptz not null default now(),
  primary key (session_id, message_id),
  foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  foreign key (session_id, message_id)
    references public.messages (session_id, message_id) on delete cascade
);

-- What is left to read in a session.
create index message_extractions_open on public.message_extractions (session_id)
  where not is_done;

alter table public.message_extractions enable row level security;
comment on table public.message_extractions is
  'How far messages have been read for their dossier. Not readable over REST.';

alter table public.background_tasks
  drop constraint background_tasks_kind_check,
  add constraint background_tasks_kind_check
    check (kind in ('session_summary', 'dossier_extraction'));

-- The user's message of this turn is to be read however the turn ends: its caller may be dead by then.
alter table public.generations add column reads_question boolean not null default false;

-- Makes work of what is left to read in a session, unless there is some already. The session is locked.
create function private.plan_extraction(wanted_session_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  -- What models could not do a moment ago they are not asked for with every turn.
  failure_pause constant interval := '10 minutes';
  lifetime constant interval := '1 day';
begin
  if exists (
    select from public.background_tasks
    where session_id = wanted_session_id and kind = 'dossier_extraction' and status = 'failed'
      and finished_at > clock_timestamp() - failure_pause)
  then
    return;
  end if;
  delete from public.background_tasks
  where session_id = wanted_session_id and kind = 'dossier_extraction'
    and finished_at < clock_timestamp() - lifetime;
  -- Who is claiming it this moment may find nothing to do, not seeing what is new, and end it. Writing
  -- to the row waits for that, and then makes another one.
  insert into public.background_tasks (kind, session_id, owner_id)
  select 'dossier_extraction', session_id, owner_id
  from public.sessions
  where session_id = wanted_session_id and project_id is not null
  on conflict (session_id, kind) where status in ('queued', 'running')
    do update set run_after = background_tasks.run_after;
end
$$;

-- These messages, which are there, are to be read for the dossier. The session is locked.
create function private.mark_for_extraction(wanted_session_id uuid, message_ids uuid[])
returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.message_extractions (session_id, message_id, owner_id)
  select session.session_id, message.message_id, session.owner_id
  from public.sessions session
  cross join unnest(message_ids) as wanted (message_id)
  cross join lateral (
    select message_id from public.messages where message_id = wanted.message_id limit 1
  ) message
  where session.session_id = wanted_session_id and session.project_id is not null
  on conflict (session_id, message_id) do nothing;
  if found then
    perform private.plan_extraction(wanted_session_id);
  end if;
end
$$;

-- As before, and leaves work behind: outcome.extract says that question and reply are to be read, the
-- generation that the question is in any case.
alter function private.close_generation(public.generations, jsonb) rename to store_reply;
create function private.close_generation(generation public.generations, outcome jsonb)
returns void
language plpgsql set search_path = '' as $$
begin
  perform private.store_reply(generation, outcome);
  if (outcome ->> 'extract')::boolean then
    perform private.mark_for_extraction(
      generation.session_id, array[generation.user_message_id, generation.message_id]);
  elsif generation.reads_question then
    perform private.mark_for_extraction(
      generation.session_id, array[generation.user_message_id]);
  end if;
end
$$;

-- As before; what has come back to the path may not have been read.
create or replace function private.follow_path() returns trigger
language plpgsql set search_path = '' as $$
declare
  moved record;
begin
  -- Nearly always: a new message comes after the last one.
  if exists (
      select from public.messages
      where message_id = new.active_leaf_id and parent_id = old.active_leaf_id)
    and not exists (
      select from public.dossier_assertions where message_id = new.active_leaf_id)
    and not exists (
      select from public.message_extractions
      where session_id = new.session_id and message_id = new.active_leaf_id)
  then
    return null;
  end if;
  select private.messages_with_assertions(difference.left_ids) as left_ids,
    private.messages_with_assertions(difference.back_ids) as back_ids,
    exists (
      select from public.message_extractions waiting
      where waiting.session_id = new.session_id and not waiting.is_done
        and waiting.message_id = any (difference.back_ids)) as has_unread
  into moved
  from private.path_difference(old.active_leaf_id, new.active_leaf_id) difference;
  if moved.has_unread then
    perform private.plan_extraction(new.session_id);
  end if;
  if cardinality(moved.left_ids) + cardinality(moved.back_ids) > 0 then
    perform private.add_path_entries(
      new.project_id, new.session_id, moved.left_ids, moved.back_ids);
  end if;
  return null;
end
$$;

-- How many characters two texts have in common at their beginnings.
create function private.common_prefix(one text, other text) returns integer
language plpgsql immutable set search_path = '' as $$
declare
  known integer := 0;
  unknown integer := least(char_length(one), char_length(other)) + 1;
  middle integer;
begin
  while unknown - known > 1 loop
    middle := (known + unknown) / 2;
    if left(one, middle) = left(other, middle) then
      known := middle;
    else
      unknown := middle;
    end if;
  end loop;
  return known;
end
$$;

-- As before, and a text that was edited is read again from where it differs, if it was to be read at all.
-- What was found in the old one stays.
create or replace function private.outdate_summaries() returns trigger
language plpgsql set search_path = '' as $$
declare
  kept_bytes integer;
begin
  update public.session_summaries
  set is_stale = true
  where session_id = new.session_id and until_position >= new.position and not is_stale;
  -- Work that has begun begins anew, and its worker finds the lease gone. Queued work is held too: who
  -- is claiming it has read the old text perhaps, and what that makes of the row is seen after waiting.
  update public.background_tasks
  set status = 'queued',
      attempts = attempts - (status = 'running')::integer,
      lease_token = case status when 'queued' then lease_token end,
      leased_until = case status when 'queued' then leased_until end,
      run_after = case status when 'queued' then run_after else clock_timestamp() end
  where session_id = new.session_id and status in ('queued', 'running')
    and (kind = 'session_summary' or status = 'queued'
      or payload -> 'spans' @> jsonb_build_array(
        jsonb_build_object('message_id', new.message_id)));

  perform from public.message_extractions
  where session_id = new.session_id and message_id = new.message_id;
  if found then
    kept_bytes := octet_length(left(new.content, private.common_prefix(old.content, new.content)));
    update public.message_extractions
    set read_bytes = least(read_bytes, kept_bytes),
        is_done = least(read_bytes, kept_bytes) = octet_length(new.content),
        failures = 0
    where session_id = new.session_id and message_id = new.message_id;
    perform private.plan_extraction(new.session_id);
  end if;
  return null;
end
$$;

-- Work that is given up is one failure of each message that it was about; what has failed often enough
-- does not keep the others from being read. Whoever fails a task holds it, and these rows after it.
create function private.note_failed_extraction() returns trigger
language plpgsql set search_path = '' as $$
declare
  max_failures constant integer := 3;
begin
  update public.message_extractions waiting
  set failures = failures + 1, is_done = failures + 1 >= max_failures
  from jsonb_to_recordset(new.payload -> 'spans') as span (message_id uuid)
  where waiting.session_id = new.session_id and waiting.message_id = span.message_id
    and not waiting.is_done;
  return null;
end
$$;

create trigger note_failed_extraction after update of status on public.background_tasks
  for each row when (
    old.status <> 'failed' and new.status = 'failed' and new.kind = 'dossier_extraction')
  execute function private.note_failed_extraction();

-- What is not yet read of the messages on a session's path, the first of them first: {message_id,
-- depth}. Of other takes nothing is read before they come back.
create function private.unread_on_path(wanted_session_id uuid)
returns table (message_id uuid, depth integer)
language sql stable set search_path = '' as $$
  select message.message_id, message.depth
  from public.sessions session
  join public.message_extractions waiting
    on waiting.session_id = session.session_id and not waiting.is_done
  cross join lateral (
    select found.message_id, found.depth from public.messages found
    where found.message_id = waiting.message_id
    limit 1
  ) message
  where session.session_id = wanted_session_id and session.is_active
    and session.project_id is not null
    and private.message_on_path(session.active_leaf_id, message.depth) = message.message_id
  order by message.depth;
$$;

-- A text from one byte on, at most so many bytes, whole characters. What is cut ends with a paragraph, a
-- line or a word, if there is one in its second half.
create function private.text_part(content text, from_byte integer, max_bytes integer)
returns text
language plpgsql immutable set search_path = '' as $$
declare
  bytes constant bytea := convert_to(content, 'UTF8');
  last_byte integer := least(from_byte + max_bytes, length(bytes));
  part text;
  boundary text;
  whole text;
begin
  -- Continuation bytes are 10xxxxxx.
  while last_byte < length(bytes) and last_byte > from_byte
    and get_byte(bytes, last_byte) & 192 = 128
  loop
    last_byte := last_byte - 1;
  end loop;
  part := convert_from(substr(bytes, from_byte + 1, last_byte - from_byte), 'UTF8');
  if last_byte < length(bytes) then
    foreach boundary in array array[E'\n\n', E'\n', ' '] loop
      whole := left(part, char_length(part) - position(boundary in reverse(part)) + 1);
      if position(boundary in reverse(part)) > 0 and char_length(whole) * 2 > char_length(part) then
        return whole;
      end if;
    end loop;
  end if;
  return part;
end
$$;

-- What a worker needs to read a part of a conversation for its dossier: {project_id, messages:
-- [{message_id, role, text, from_byte, to_byte, created_at}], before: [{message_id, role, text}],
-- dossier: {head, folded_to, log_start, snapshot_json}}; null when nothing is left. text is the part from
-- from_byte to to_byte, created_at milliseconds since the epoch, and before what was said until then, the
-- end of each. Bounded: what is left is another part.
create function private.extraction_work(task public.background_tasks) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  max_messages constant integer := 20;
  max_bytes constant integer := 24576;
  messages_before constant integer := 6;
  characters_before constant integer := 2000;
  unread record;
  waiting record;
  part text;
  bytes_left integer := max_bytes;
  parts jsonb := '[]';
  before jsonb := '[]';
  first record;
  dossier public.dossiers;
begin
  for unread in select * from private.unread_on_path(task.session_id) limit max_messages loop
    exit when bytes_left < 4;
    select message.*, extraction.read_bytes into waiting
    from public.messages message
    join public.message_extractions extraction
      on extraction.session_id = message.session_id and extraction.message_id = message.message_id
    where message.message_id = unread.message_id;
    part := private.text_part(waiting.content, waiting.read_bytes, bytes_left);
    if parts = '[]' then
      first := waiting;
    end if;
    parts := parts || jsonb_build_object(
      'message_id', waiting.message_id,
      'role', waiting.role,
      'text', part,
      'from_byte', waiting.read_bytes,
      'to_byte', waiting.read_bytes + octet_length(part),
      'created_at', floor(extract(epoch from waiting.created_at) * 1000)::bigint);
    bytes_left := bytes_left - octet_length(part);
  end loop;
  if parts = '[]' then
    return null;
  end if;

  with recursive earlier as (
    select first.parent_id as next_id, null::uuid as message_id, null::text as role,
      null::text as content, 0 as steps
    union all
    select parent.parent_id, parent.message_id, parent.role, parent.content, earlier.steps + 1
    from earlier
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where messages.message_id = earlier.next_id limit 1
    ) parent
    where earlier.steps < messages_before
  )
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'message_id', message_id, 'role', role, 'text', right(content, characters_before))
    order by steps desc), '[]')
  into before
  from earlier
  where content <> '';
  if first.read_bytes > 0 then
    before := before || jsonb_build_object(
      'message_id', first.message_id,
      'role', first.role,
      'text', right(private.text_part(first.content, 0, first.read_bytes), characters_before));
  end if;

  select * into dossier from public.dossiers
  where project_id = (select project_id from public.sessions where session_id = task.session_id);
  return jsonb_build_object(
    'project_id', dossier.project_id,
    'messages', parts,
    'before', before,
    'dossier', jsonb_build_object(
      'head', dossier.head,
      'folded_to', dossier.folded_to,
      'log_start', dossier.log_start,
      'snapshot_json', dossier.snapshot_json));
end
$$;

-- Takes the task that has waited longest: {kinds: [...], lease_seconds}; returns {task}, which is
-- null when there is nothing to do, or {task_id, kind, lease_token, leased_until, attempts,
-- session_id, user_id} with what the kind needs (private.summary_work, private.extraction_work). Until the
-- lease has ended nobody else is given it; then it was in vain, whatever the worker still does.
create or replace function public.claim_task(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  default_lease_seconds constant integer := 60;
  max_lease_seconds constant integer := 600;
  max_attempts constant integer := 5;
  -- Bounds how long one call looks: of tasks that turn out to be none.
  max_looks constant integer := 20;
  lease constant interval := make_interval(secs => least(greatest(
    coalesce((request ->> 'lease_seconds')::double precision, default_lease_seconds), 1),
    max_lease_seconds));
  wanted_kinds text[];
  wanted_session_id constant uuid := private.read_id(request, 'session_id');
  task public.background_tasks;
  work jsonb;
begin
  if jsonb_typeof(request -> 'kinds') is distinct from 'array' then
    perform private.refuse(422, 'invalid_request', 'kinds must be an array of kinds of tasks.');
  end if;
  wanted_kinds := array(select jsonb_array_elements_text(request -> 'kinds'));
  for look in 1..max_looks loop
    if wanted_session_id is null then
      select * into task from public.background_tasks
      where status in ('queued', 'running') and run_after <= clock_timestamp()
        and kind = any (wanted_kinds)
      order by run_after
      limit 1
      for update skip locked;
    else
      select * into task from public.background_tasks
      where session_id = wanted_session_id and kind = any (wanted_kinds)
        and status in ('queued', 'running') and run_after <= clock_timestamp()
      limit 1
      for update skip locked;
    end if;
    exit when not found;
    if task.attempts >= max_attempts then
      update public.background_tasks
      set status = 'failed', error = coalesce(error, 'Its workers have died.'),
          finished_at = clock_timestamp()
      where task_id = task.task_id;
      continue;
    end if;
    work := case task.kind
      when 'session_summary' then private.summary_work(task)
      when 'dossier_extraction' then private.extraction_work(task)
    end;
    if work is null then
      update public.background_tasks
      set status = 'done', result = '{"skipped": true}', finished_at = clock_timestamp()
      where task_id = task.task_id;
      continue;
    end if;

    update public.background_tasks
    set status = 'running', attempts = attempts + 1, lease_token = gen_random_uuid(),
        leased_until = clock_timestamp() + lease, run_after = clock_timestamp() + lease,
        payload = payload || case kind
          when 'session_summary' then
            jsonb_build_object('next_message_id', work -> 'until_message_id')
          else jsonb_build_object('spans', (
            select jsonb_agg(message.value - array['role', 'text', 'created_at'])
            from jsonb_array_elements(work -> 'messages') message))
        end
    where task_id = task.task_id
    returning * into task;
    return jsonb_build_object('task', jsonb_build_object(
      'task_id', task.task_id,
      'kind', task.kind,
      'lease_token', task.lease_token,
      'leased_until', private.iso(task.leased_until),
      'attempts', task.attempts,
      'session_id', task.session_id,
      'user_id', task.owner_id) || work);
  end loop;
  return '{"task": null}';
end
$$;

-- A summary that was made; whether there is more to do. The task is locked, with its session.
create function private.store_summary(task public.background_tasks, outcome jsonb)
returns boolean
language plpgsql set search_path = '' as $$
declare
  max_summary_bytes constant integer := 8192;
  next_id constant uuid := (task.payload ->> 'next_message_id')::uuid;
begin
  if jsonb_typeof(outcome -> 'summary') is distinct from 'string'
    or octet_length(outcome ->> 'summary') not between 1 and max_summary_bytes then
    perform private.refuse(422, 'invalid_request',
      format('result.summary must be a text of 1 to %s bytes.', max_summary_bytes));
  end if;
  insert into public.session_summaries (
    session_id, until_message_id, owner_id, until_position, summary, created_at)
  select task.session_id, message.message_id, task.owner_id, message.position,
    outcome ->> 'summary', clock_timestamp()
  from public.messages message
  where message.message_id = next_id
  on conflict (session_id, until_message_id) do update
  set summary = excluded.summary, created_at = excluded.created_at, is_stale = false
  where session_summaries.is_stale;
  return next_id::text <> task.payload ->> 'until_message_id';
end
$$;

-- That the claimed parts have been read; whether there is more. The task is locked, with its session.
create function private.store_extraction(task public.background_tasks) returns boolean
language plpgsql set search_path = '' as $$
declare
  -- What comes later in a text is not read: the core takes a megabyte.
  max_read_bytes constant integer := 1000000;
begin
  update public.message_extractions waiting
  set read_bytes = span.to_byte,
      is_done = span.to_byte >= max_read_bytes or span.to_byte >= (
        select octet_length(content) from public.messages where message_id = span.message_id),
      failures = 0
  from jsonb_to_recordset(task.payload -> 'spans') as span (
    message_id uuid, from_byte integer, to_byte integer)
  where waiting.session_id = task.session_id and waiting.message_id = span.message_id
    and waiting.read_bytes = span.from_byte;
  return exists (select from private.unread_on_path(task.session_id));
end
$$;

-- Stores what a task was for: {task_id, lease_token, result}; of the result whatever is not the work's
-- own is kept with the task, such as model and usage. The work's own is, of a session_summary, {summary};
-- of a dossier_extraction {base, assertions, snapshot, facts}, as commit_assertions takes them. Returns
-- {task_id, status, attempts, run_after, already}, of a dossier_extraction also `dossier`, what
-- commit_assertions returns: when its tail is not null, fold it and call that. A status of queued means
-- that there is more to do of it. Calling again changes nothing and says `already`.
create or replace function public.commit_task(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  task public.background_tasks := private.open_task(request);
  outcome constant jsonb := request -> 'result';
  project_of_session uuid;
  dossier jsonb;
  has_more boolean;
begin
  if task.kind = 'dossier_extraction' then
    select project_id into project_of_session
    from public.sessions where session_id = task.session_id;
  end if;
  if task.status <> 'running' then
    return private.describe_task(task, true) || case
      when task.kind = 'dossier_extraction' then jsonb_build_object(
        'dossier', (
          select jsonb_build_object(
            'head', head, 'added', 0, 'folded_to', folded_to, 'log_start', log_start,
            'tail', private.read_log(project_id, coalesce(
              private.read_position(outcome, 'base'), head)))
          from public.dossiers where project_id = project_of_session))
      else '{}'
    end;
  end if;
  if task.kind = 'session_summary' then
    has_more := private.store_summary(task, outcome);
  else
    dossier := private.add_assertions(project_of_session, outcome, null);
    has_more := private.store_extraction(task);
  end if;

  update public.background_tasks
  set status = case when has_more then 'queued' else 'done' end,
      attempts = case when has_more then 0 else attempts end,
      run_after = clock_timestamp(),
      finished_at = case when has_more then null else clock_timestamp() end,
      result = outcome - array['summary', 'base', 'assertions', 'snapshot', 'facts'],
      error = null
  where task_id = task.task_id
  returning * into task;
  return private.describe_task(task, false)
    || case when dossier is null then '{}' else jsonb_build_object('dossier', dossier) end;
end
$$;

-- As before, and nothing that was said until now is read for it any more.
create or replace function public.clear_dossier(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  project public.projects := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  session_ids uuid[];
  log_head bigint;
begin
  select coalesce(array_agg(session_id), '{}') into session_ids
  from (
    select session_id from public.sessions where project_id = project.project_id
    order by session_id
    for no key update
  ) locked;
  perform from public.background_tasks
  where session_id = any (session_ids) and kind = 'dossier_extraction'
    and status in ('queued', 'running')
  order by task_id
  for update;
  select head into log_head from public.dossiers
  where project_id = project.project_id
  for no key update;
  perform private.check_version(request ->> 'if_match', log_head::text);
  update public.background_tasks
  set status = 'done', result = '{"dropped": true}', lease_token = null,
      finished_at = clock_timestamp()
  where session_id = any (session_ids) and kind = 'dossier_extraction'
    and status in ('queued', 'running');
  update public.message_extractions
  set is_done = true
  where session_id = any (session_ids) and not is_done;
  delete from public.dossier_assertions where project_id = project.project_id;
  update public.dossiers
  set head = head + 1, log_start = head + 1, folded_to = head + 1,
      snapshot_json = default, facts_json = default, updated_at = clock_timestamp()
  where project_id = project.project_id;
  return private.answer(
    '{"message": "The dossier is empty. The project and its conversations are still there."}');
end
$$;

select private.align_grants_with_policies();

revoke all on function
  private.plan_extraction(uuid),
  private.mark_for_extraction(uuid, uuid[]),
  private.close_generation(public.generations, jsonb),
  private.common_prefix(text, text),
  private.note_failed_extraction(),
  private.unread_on_path(uuid),
  private.text_part(text, integer, integer),
  private.extraction_work(public.background_tasks),
  private.store_summary(public.background_tasks, jsonb),
  private.store_extraction(public.background_tasks)
from public, anon, authenticated, service_role;
grant execute on function
  private.plan_extraction(uuid),
  private.mark_for_extraction(uuid, uuid[]),
  private.close_generation(public.generations, jsonb),
  private.common_prefix(text, text),
  private.unread_on_path(uuid),
  private.text_part(text, integer, integer),
  private.extraction_work(public.background_tasks),
  private.store_summary(public.background_tasks, jsonb),
  private.store_extraction(public.background_tasks)
to service_role;
