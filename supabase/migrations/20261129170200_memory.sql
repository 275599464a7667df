-- The cost of a turn does not grow with its conversation, and companions remember.

-- A turn's cost --------------------------------------------------------------------------------------

set local lock_timeout = '10s';

drop index public.messages_of_parent;
create index messages_of_parent
  on public.messages (parent_id, session_id, parent_depth, position);
drop index public.generations_of_user_message;
create index generations_of_user_message on public.generations (user_message_id, session_id);

create or replace function private.read_history(
  principal_id uuid, leaf_id uuid, budget_tokens integer,
  out messages jsonb, out from_depth integer
)
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 200;
  max_passed_over constant integer := 8;
  own_role constant text := current_setting('role');
  tokens_left integer := budget_tokens;
  next_id uuid := leaf_id;
  next_message record;
  nearby refcursor;
  message record;
  passed_over integer;
  steps integer := 0;
  roles text[] := '{}';
  contents text[] := '{}';
  depths integer[] := '{}';
begin
  perform private.act_as(principal_id);
  while next_id is not null and tokens_left > 0 and steps < max_messages loop
    select owner_id, session_id, position into next_message
    from public.messages where message_id = next_id;
    exit when not found;
    passed_over := 0;
    open nearby for
      select older.message_id, older.parent_id, older.depth, older.role, older.content
      from public.messages older
      where older.owner_id = next_message.owner_id
        and older.session_id = next_message.session_id
        and older.position <= next_message.position
      order by older.position desc;
    while next_id is not null and tokens_left > 0 and steps < max_messages
      and passed_over < max_passed_over
    loop
      fetch nearby into message;
      exit when not found;
      if message.message_id <> next_id then
        passed_over := passed_over + 1;
        continue;
      end if;
      passed_over := 0;
      steps := steps + 1;
      next_id := message.parent_id;
      tokens_left := tokens_left - private.estimate_tokens(message.content);
      if tokens_left >= 0 and message.content <> '' then
        roles := roles || message.role;
        contents := contents || message.content;
        depths := depths || message.depth;
      end if;
    end loop;
    close nearby;
  end loop;
  perform set_config('role', own_role, true);

  select
    coalesce(jsonb_agg(
      jsonb_build_object('role', fitting.role, 'content', fitting.content) order by fitting.depth),
      '[]'),
    min(fitting.depth)
  into read_history.messages, read_history.from_depth
  from unnest(roles, contents, depths) as fitting (role, content, depth)
  where fitting.depth >= (
    select min(first.depth) from unnest(roles, depths) as first (role, depth)
    where first.role = 'user' or first.depth = 1);
end
$$;

create or replace function private.message_on_path(leaf_id uuid, wanted_depth integer) returns uuid
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
    -- Everything before it is on its path: the place in the session is the depth. Asked for in order, so that
    -- the index of positions is used before the table has been analysed, too (messages.sql).
    select message.* into reached
    from public.messages message
    where message.session_id = reached.session_id and message.owner_id = reached.owner_id
      and message.position <= wanted_depth
    order by message.position desc
    limit 1;
  end if;
  return case when reached.depth = wanted_depth then reached.message_id end;
end
$$;

create or replace function private.plan_summary() returns trigger
language plpgsql set search_path = '' as $$
declare
  max_steps constant integer := 1000;
  failure_pause constant interval := '1 hour';
  question public.messages;
  covered public.session_summaries;
  until_depth integer;
begin
  -- Most turns were sent a summary that covers what they left out, or find a job that waits for its worker or
  -- has failed: after a failure, models are not asked again with every turn. What a job that waits does not
  -- cover yet, a later turn finds.
  if new.sent_from_depth - 1 <= (
      select depth from public.messages where message_id = new.summary_until_id)
    or exists (
    select from public.jobs
    where session_id = new.session_id and kind = 'session_summary'
      and (status = 'queued'
        or status = 'failed' and finished_at > clock_timestamp() - failure_pause))
  then
    return null;
  end if;
  select * into question from public.messages where message_id = new.user_message_id;
  covered := private.summary_on_path(new.session_id, question.parent_id, max_steps);
  if new.sent_from_depth - 1 <= (
    select depth from public.messages where message_id = covered.until_message_id)
  then
    return null;
  end if;
  -- The summary includes half of the messages that still fitted, in whole turns, so that it also covers
  -- messages that the next turns leave out, and a model is not asked after each turn.
  until_depth := new.sent_from_depth - 1 + (question.depth - new.sent_from_depth) / 4 * 2;
  perform private.add_job(jsonb_build_object(
    'kind', 'session_summary', 'owner_id', new.owner_id, 'session_id', new.session_id,
    'merge_key', 'session', 'merge', 'open', 'payload', jsonb_build_object(
      'until_message_id', private.message_on_path(question.parent_id, until_depth))));
  return null;
end
$$;

-- Memory ------------------------------------------------------------------------------------------

-- What a companion remembers of its user: one memory for each principal and character. Like a dossier it is
-- computed from a log (shared/memory); the edge folds the log, and the result is public.memories.
create table public.memory_logs (
  memory_log_id uuid primary key default gen_random_uuid(),
  owner_id uuid not null references public.principals (id) on delete cascade,
  -- As sessions.character_id has it; null: the companion without a character.
  character_id uuid,
  -- Grows with each change of the log, and of the paths of the conversations that it was found in.
  version bigint not null default 0 check (version >= 0),
  -- The version that public.memories was computed from.
  folded_to bigint not null default 0 check (folded_to between 0 and version),
  -- The position of the newest entry.
  last_position bigint not null default 0 check (last_position >= 0),
  created_at timestamptz not null default now(),
  constraint memory_logs_memory_log_id_owner_id_key unique (memory_log_id, owner_id),
  constraint memory_logs_owner_id_character_id_key unique nulls not distinct (owner_id, character_id)
);

comment on table public.memory_logs is 'What companions remember of their users. Not readable over REST.';

-- Without a trigger that holds the owner: a turn that makes one holds its session, for which a move or a
-- deletion of the owner waits. Whoever has no session holds the principal (read_memory_log.sql).
alter table public.memory_logs enable row level security;

-- The entries of a memory's log: an extractor's findings, each with the user's own words, and what the user
-- has done (shared/memory). What has been forgotten is deleted; an entry stays that keeps it from coming back
-- and has none of its words.
create table public.memory_entries (
  memory_log_id uuid not null,
  owner_id uuid not null,
  position bigint not null check (position >= 1),
  assertion_id text not null check (assertion_id ~ '^[0-9a-f]{64}$'),
  kind text not null check (kind in ('extracted', 'user')),
  body jsonb not null check (jsonb_typeof(body) = 'object' and octet_length(body::text) <= 65536),
  -- The message in which it was found.
  message_id uuid references public.messages (message_id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (memory_log_id, assertion_id),
  constraint memory_entries_memory_log_id_position_key unique (memory_log_id, position),
  constraint memory_entries_memory_log_id_owner_id_fkey foreign key (memory_log_id, owner_id)
    references public.memory_logs (memory_log_id, owner_id) on delete cascade on update cascade
);

comment on table public.memory_entries is 'Logs of memories. Not readable over REST.';

create index memory_entries_of_message on public.memory_entries (message_id);

alter table public.memory_entries enable row level security;

-- What companions remember: the result of folding a memory's log.
create table public.memories (
  memory_log_id uuid not null,
  owner_id uuid not null,
  memory_id text not null check (memory_id ~ '^[0-9a-f]{16}$'),
  character_id uuid,
  type text not null check (type in ('user_fact', 'relation', 'promise', 'preference', 'event')),
  text text not null check (octet_length(text) between 1 and 4096),
  -- The day that it is about.
  date date,
  is_pinned boolean not null default false,
  source text not null check (source in ('extracted', 'user')),
  -- The user's own words that it was found in first; null if the user has written it down.
  quote text check (octet_length(quote) <= 4096),
  message_id uuid,
  -- All messages that it was found in; none if the user has written it down or pinned it.
  message_ids uuid[] not null default '{}',
  -- None of these messages is on its conversation's path any more.
  is_hidden boolean not null default false,
  -- What it is found by (private.memory_terms).
  terms text[] not null default '{}',
  said_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (memory_log_id, memory_id),
  constraint memories_memory_log_id_owner_id_fkey foreign key (memory_log_id, owner_id)
    references public.memory_logs (memory_log_id, owner_id) on delete cascade on update cascade
);

-- A memory, in the order of lists.
create index memories_listed on public.memories (memory_log_id, said_at desc, memory_id);
-- A principal's memories, for row level security.
create index memories_of_owner on public.memories (owner_id);

alter table public.memories enable row level security;

create policy own_memories_are_readable on public.memories for select to authenticated
  using (owner_id = (select private.current_principal()) and not is_hidden);

-- The user's messages that are read for a companion's memory, and whether they are on the path.
create table public.memory_readings (
  session_id uuid not null,
  message_id uuid not null,
  owner_id uuid not null,
  is_read boolean not null default false,
  is_on_path boolean not null default true,
  -- How often reading it has failed for good.
  failures integer not null default 0 check (failures >= 0),
  -- The parts of the message that the user wants forgotten, as [begin, end] in UTF-8 bytes: left out of what is
  -- summarised.
  forgotten jsonb not null default '[]' check (jsonb_typeof(forgotten) = 'array'),
  created_at timestamptz not null default now(),
  primary key (session_id, message_id),
  constraint memory_readings_session_id_owner_id_fkey foreign key (session_id, owner_id)
    references public.sessions (session_id, owner_id) on delete cascade on update cascade,
  constraint memory_readings_session_id_message_id_fkey foreign key (session_id, message_id)
    references public.messages (session_id, message_id) on delete cascade
);

comment on table public.memory_readings is
  'Messages that are read for the memory of companions. Not readable over REST.';

create index memory_readings_open on public.memory_readings (session_id) where not is_read;

alter table public.memory_readings enable row level security;

alter table public.generations
  add column memory_ids jsonb not null default '[]' check (jsonb_typeof(memory_ids) = 'array');

-- What a text is found by: its words in a short form, without those that are in most texts. Words of scripts
-- without spaces count by their pairs of characters.
create function private.memory_terms(said text) returns text[]
language sql immutable set search_path = '' as $$
  with words as (
    select word
    from regexp_split_to_table(lower(left(said, 20000)),
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

revoke all on function private.memory_terms(text) from public, anon, authenticated, service_role;
grant execute on function private.memory_terms(text) to service_role;

-- The memory that the principal's conversations with this character share; made if it is not there.
create function private.open_memory_log(wanted_owner_id uuid, wanted_character_id uuid)
returns public.memory_logs
language plpgsql set search_path = '' as $$
declare
  log public.memory_logs;
begin
  select * into log from public.memory_logs
  where owner_id = wanted_owner_id and character_id is not distinct from wanted_character_id;
  if not found then
    insert into public.memory_logs (owner_id, character_id)
    values (wanted_owner_id, wanted_character_id)
    on conflict (owner_id, character_id) do nothing;
    select * into log from public.memory_logs
    where owner_id = wanted_owner_id and character_id is not distinct from wanted_character_id;
  end if;
  return log;
end
$$;

-- Adds a job that reads a conversation's unread messages and folds its memory, unless one is open. The session
-- is locked.
create function private.plan_memory(session public.sessions) returns void
language plpgsql set search_path = '' as $$
declare
  -- After a failure, models are not asked again with every turn.
  failure_pause constant interval := '10 minutes';
begin
  if not exists (
    select from public.jobs
    where session_id = session.session_id and kind = 'companion_memory' and status = 'failed'
      and finished_at > clock_timestamp() - failure_pause)
  then
    perform private.add_job(jsonb_build_object(
      'kind', 'companion_memory', 'owner_id', session.owner_id, 'session_id', session.session_id,
      'merge_key', 'session', 'merge', 'open'));
  end if;
end
$$;

-- After a turn with a companion: the user's message is to be read for the companion's memory. The session is
-- locked.
create function private.mark_for_memory(generation public.generations) returns void
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
begin
  select * into session from public.sessions where session_id = generation.session_id;
  if session.kind <> 'companion' then
    return;
  end if;
  insert into public.memory_readings (session_id, message_id, owner_id)
  select question.session_id, question.message_id, question.owner_id
  from public.messages question
  where question.message_id = generation.user_message_id
    and private.memory_terms(question.content) <> '{}'
  on conflict (session_id, message_id) do nothing;
  if found then
    perform private.plan_memory(session);
  end if;
end
$$;

revoke all on function
  private.open_memory_log(uuid, uuid),
  private.plan_memory(public.sessions),
  private.mark_for_memory(public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.open_memory_log(uuid, uuid),
  private.plan_memory(public.sessions),
  private.mark_for_memory(public.generations)
to service_role;

-- A memory's log for whoever folds it: {memory_log_id, version, entries: [{assertion_id, kind, body, message_id,
-- is_off_path}]}. One statement, so that the version is that of the entries.
create function private.describe_memory_log(wanted_log_id uuid) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object(
    'memory_log_id', log.memory_log_id,
    'version', log.version,
    'entries', coalesce((
      select jsonb_agg(
        jsonb_build_object(
          'assertion_id', entry.assertion_id,
          'kind', entry.kind,
          'body', entry.body,
          'message_id', entry.message_id,
          'is_off_path', entry.message_id is not null and not coalesce((
            select reading.is_on_path
            from public.messages message
            join public.memory_readings reading
              on reading.session_id = message.session_id and reading.message_id = message.message_id
            where message.message_id = entry.message_id), false))
        order by entry.position)
      from public.memory_entries entry
      where entry.memory_log_id = log.memory_log_id), '[]'))
  from public.memory_logs log
  where log.memory_log_id = wanted_log_id);

-- The character that a request for memories names, null for the companion without one, whose id is all zeros.
-- Refuses characters that the principal can neither see nor has memories of.
create function private.read_memory_character(principal_id uuid, request jsonb) returns uuid
language plpgsql stable set search_path = '' as $$
declare
  no_character constant uuid := '00000000-0000-0000-0000-000000000000';
  wanted_id constant uuid := private.read_id(request, 'companion_id');
begin
  if wanted_id = no_character then
    return null;
  end if;
  if (private.visible_character(principal_id, wanted_id)).character_id is null
    and not exists (
      select from public.memory_logs where owner_id = principal_id and character_id = wanted_id)
  then
    perform private.refuse(404, 'not_found',
      'There is no such character: list the characters to see which there are.');
  end if;
  return wanted_id;
end
$$;

-- The memory of the principal's that the request names; nulls if nothing has been remembered.
create function private.find_memory_log(principal_id uuid, request jsonb)
returns public.memory_logs
language plpgsql stable set search_path = '' as $$
declare
  -- Asked for before all else, because it may refuse.
  wanted_character_id constant uuid := private.read_memory_character(principal_id, request);
  log public.memory_logs;
begin
  select * into log from public.memory_logs
  where owner_id = principal_id and character_id is not distinct from wanted_character_id;
  return log;
end
$$;

-- The log of what a companion remembers, for the edge, which changes it: {principal, companion_id}; made if
-- nothing has been remembered yet. Returns what private.describe_memory_log has.
create function public.read_memory_log(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_character_id constant uuid := private.read_memory_character(principal_id, request);
  log public.memory_logs;
begin
  perform private.hold_principal(principal_id);
  log := private.open_memory_log(principal_id, wanted_character_id);
  return private.describe_memory_log(log.memory_log_id);
end
$$;

revoke all on function
  private.describe_memory_log(uuid),
  private.read_memory_character(uuid, jsonb),
  private.find_memory_log(uuid, jsonb),
  public.read_memory_log(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.describe_memory_log(uuid),
  private.read_memory_character(uuid, jsonb),
  private.find_memory_log(uuid, jsonb),
  public.read_memory_log(jsonb)
to service_role;

-- The user's messages on a conversation's path that have not been read for the companion's memory, from the
-- path's beginning: {message_id, depth}.
create function private.unread_for_memory(wanted_session_id uuid)
returns table (message_id uuid, depth integer)
language sql stable set search_path = '' as $$
  select message.message_id, message.depth
  from public.sessions session
  join public.memory_readings waiting
    on waiting.session_id = session.session_id and not waiting.is_read and waiting.is_on_path
  cross join lateral (
    select found.message_id, found.depth from public.messages found
    where found.message_id = waiting.message_id
    limit 1
  ) message
  where session.session_id = wanted_session_id and session.is_active
    and private.message_on_path(session.active_leaf_id, message.depth) = message.message_id
  order by message.depth;
$$;

-- The input for reading a part of a conversation for its companion's memory (jobs/has_job_hook.sql): what
-- private.describe_memory_log has, with messages: [{message_id, role, text, created_at}], which are the user's
-- and unread, and before: [the same], what was said before each, oldest first. If messages is empty, the log
-- only has to be folded; null when that is not necessary either. The step keeps the messages' ids. The size is
-- bounded: the rest is another part.
create function private.companion_memory_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 10;
  max_characters constant integer := 6000;
  max_bytes constant integer := 24576;
  messages_before constant integer := 4;
  characters_before constant integer := 1500;
  session public.sessions;
  log public.memory_logs;
  wanted_ids uuid[];
  parts jsonb;
  before jsonb := '[]';
begin
  select * into session from public.sessions where session_id = job.session_id and is_active;
  if not found then
    return null;
  end if;
  log := private.open_memory_log(session.owner_id, session.character_id);
  with sized as (
    select unread.message_id, unread.depth,
      sum(octet_length(left(message.content, max_characters))) over (order by unread.depth)
        as bytes_so_far,
      row_number() over (order by unread.depth) as place
    from private.unread_for_memory(session.session_id) unread
    cross join lateral (
      select content from public.messages where message_id = unread.message_id limit 1
    ) message
  )
  select coalesce(array_agg(message_id order by depth), '{}') into wanted_ids
  from sized
  where place = 1 or place <= max_messages and bytes_so_far <= max_bytes;
  if wanted_ids = '{}' and log.version = log.folded_to then
    return null;
  end if;
  select coalesce(jsonb_agg(jsonb_build_object(
      'message_id', message.message_id,
      'role', message.role,
      'text', left(message.content, max_characters),
      'created_at', floor(extract(epoch from message.created_at) * 1000)::bigint)
    order by message.depth), '[]')
  into parts
  from unnest(wanted_ids) as wanted (message_id)
  cross join lateral (
    select * from public.messages where message_id = wanted.message_id limit 1
  ) message;
  if wanted_ids <> '{}' then
    with recursive earlier as (
      select first.parent_id as next_id, null::uuid as message_id, null::text as role,
        null::text as content, null::timestamptz as created_at, 0 as steps
      from public.messages first where first.message_id = wanted_ids[cardinality(wanted_ids)]
      union all
      select parent.parent_id, parent.message_id, parent.role, parent.content, parent.created_at,
        earlier.steps + 1
      from earlier
      -- The limit keeps the planner from joining with the whole table.
      cross join lateral (
        select * from public.messages where messages.message_id = earlier.next_id limit 1
      ) parent
      where earlier.steps < messages_before + 2 * cardinality(wanted_ids) - 2
    )
    select coalesce(jsonb_agg(jsonb_build_object(
        'message_id', message_id,
        'role', role,
        'text', right(content, characters_before),
        'created_at', floor(extract(epoch from created_at) * 1000)::bigint)
      order by steps desc), '[]')
    into before
    from earlier
    where content <> '' and message_id <> all (wanted_ids);
  end if;
  update public.job_steps claimed
  set payload = claimed.payload || jsonb_build_object('message_ids', to_jsonb(wanted_ids))
  where claimed.job_id = step.job_id and claimed.step = companion_memory_work.step.step;
  return private.describe_memory_log(log.memory_log_id)
    || jsonb_build_object('messages', parts, 'before', before);
end
$$;

-- A job that is given up is one failure of each message that it was about.
create function private.companion_memory_fail(
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
      select sent.message_id::uuid
      from jsonb_array_elements_text(coalesce(step.payload -> 'message_ids', '[]'))
        as sent (message_id));
  return null;
end
$$;

revoke all on function
  private.unread_for_memory(uuid),
  private.companion_memory_work(public.jobs, public.job_steps, jsonb),
  private.companion_memory_fail(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.unread_for_memory(uuid),
  private.companion_memory_work(public.jobs, public.job_steps, jsonb),
  private.companion_memory_fail(public.jobs, public.job_steps, jsonb)
to service_role;

-- Adds entries to a memory's log, and stores the memories that the log folds to.

-- Refuses what is no list of entries.
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

-- What no longer counts goes: the words of what is forgotten, and the summaries that have them or what has been
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

-- Makes public.memories what the edge has folded: [{memory_id, type, text, date | null, is_pinned, source,
-- quote | null, message_id | null, message_ids, said_at}], where said_at is in milliseconds since the epoch.
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

-- Adds the entries of a worker's or a user's request: {base, assertions, erased?, outdated?, memories}. Entries
-- that are known are not added again, nor those of messages that are not on their path now. The memories are
-- stored, and what is `erased` or `outdated` goes, only if base is still the version: otherwise fold anew.
-- Returns {version, is_folded}. The log is locked here, after the sessions.
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

-- Stores what was found in a part of a conversation (jobs/has_job_hook.sql): the result is private.store_memories'
-- request, with any other members to keep. has_more while text is unread, or the log has to be folded anew.
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
  set is_read = true, failures = 0
  where waiting.session_id = job.session_id
    and waiting.message_id in (
      select sent.message_id::uuid
      from jsonb_array_elements_text(coalesce(step.payload -> 'message_ids', '[]'))
        as sent (message_id));
  return jsonb_build_object(
    'result', outcome - array['base', 'assertions', 'erased', 'outdated', 'memories'],
    'has_more', not (stored ->> 'is_folded')::boolean
      or exists (select from private.unread_for_memory(job.session_id)));
end
$$;

-- What the user does with a memory: {principal, memory_log_id, base, assertions, erased, outdated, memories}.
-- Returns {version, is_folded}. Nothing is done unless base is the version: read the log and decide anew.
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

-- What a companion is told of its memory for a turn, and what it was told.

-- The memories that matter for what is said, the most relevant first: {texts, memory_ids, tokens}. Pinned ones
-- always do; others do if they share a word with it that is rare among the memories. No more than max_tokens.
create function private.recall_memories(wanted_log_id uuid, said text, max_tokens integer)
returns jsonb
language sql stable set search_path = ''
return (
  with known as materialized (
    select memory_id, text, is_pinned, terms, said_at, private.estimate_tokens(text) as tokens
    from public.memories
    where memory_log_id = wanted_log_id and not is_hidden
  ),
  asked as (
    select unnest(private.memory_terms(said)) as term
  ),
  shared as (
    select asked.term, known.memory_id, count(*) over (partition by asked.term) as memory_count
    from asked
    join known on asked.term = any (known.terms)
  ),
  scored as (
    select memory_id, sum(1.0 / memory_count) as score
    from shared
    where memory_count <= greatest(3, (select count(*) from known) / 5)
    group by memory_id
  ),
  ranked as (
    select known.memory_id, known.text, known.tokens,
      row_number() over wanted as place,
      sum(known.tokens) over wanted as tokens_so_far
    from known
    left join scored using (memory_id)
    where known.is_pinned or scored.score > 0
    window wanted as (
      order by known.is_pinned desc, scored.score desc nulls last, known.said_at desc, known.memory_id)
  )
  select jsonb_build_object(
    'texts', coalesce(jsonb_agg(text order by place), '[]'),
    'memory_ids', coalesce(jsonb_agg(memory_id order by place), '[]'),
    'tokens', coalesce(sum(tokens), 0))
  from ranked
  where tokens_so_far <= max_tokens
);

-- As the model is told it, after the system prompt; '' for nothing.
create function private.tell_memories(texts jsonb) returns text
language sql immutable
return coalesce((
  select E'\n\nWhat you remember of the user, from what they have told you themselves. It is up to date: what '
    || E'contradicts it in earlier messages or in a summary is out of date. Use it where it fits, and do not '
    || E'recite it:\n' || string_agg('- ' || said.text, E'\n' order by said.place)
  from jsonb_array_elements_text(texts) with ordinality as said (text, place)), '');

-- The request of a turn with a companion, with what it is told of its memory: memory_ids, and memory_text, which
-- is sent after the system prompt, and takes its tokens from the history's.
create function private.with_memories(
  session public.sessions, question public.messages, request jsonb
) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  max_tokens constant integer := 800;
  heading_tokens constant integer := private.estimate_tokens(private.tell_memories('[""]'));
  history_tokens constant integer := (request ->> 'history_budget_tokens')::integer;
  recalled jsonb;
begin
  recalled := private.recall_memories(
    (select memory_log_id from public.memory_logs
     where owner_id = session.owner_id and character_id is not distinct from session.character_id),
    question.content, least(max_tokens, history_tokens / 4 - heading_tokens));
  if recalled -> 'memory_ids' = '[]' then
    return request;
  end if;
  return request || jsonb_build_object(
    'memory_ids', recalled -> 'memory_ids',
    'memory_text', private.tell_memories(recalled -> 'texts'),
    'history_budget_tokens',
    history_tokens - heading_tokens - (recalled ->> 'tokens')::integer);
end
$$;

-- The memories that a generation's model was told: [{memory_id, type, text, date, message_id}], of those that
-- are gone since the id alone.
create function private.describe_told_memories(generation public.generations) returns jsonb
language sql stable set search_path = ''
return (
  select coalesce(jsonb_agg(
    jsonb_build_object('memory_id', told.memory_id)
      || case when memory.memory_id is null then '{}'
        else jsonb_build_object('type', memory.type, 'text', memory.text, 'date', memory.date,
          'message_id', memory.message_id) end
    order by told.place), '[]')
  from jsonb_array_elements_text(generation.memory_ids)
    with ordinality as told (memory_id, place)
  left join lateral (
    select known.* from public.sessions session
    join public.memory_logs log
      on log.owner_id = session.owner_id
        and log.character_id is not distinct from session.character_id
    join public.memories known
      on known.memory_log_id = log.memory_log_id and known.memory_id = told.memory_id
        and not known.is_hidden
    where session.session_id = generation.session_id
    limit 1
  ) memory on true);

revoke all on function
  private.recall_memories(uuid, text, integer),
  private.tell_memories(jsonb),
  private.with_memories(public.sessions, public.messages, jsonb),
  private.describe_told_memories(public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.recall_memories(uuid, text, integer),
  private.tell_memories(jsonb),
  private.with_memories(public.sessions, public.messages, jsonb),
  private.describe_told_memories(public.generations)
to service_role;

-- The endpoints that read what a companion remembers.

create function private.memory_body(memory public.memories) returns jsonb
language sql stable
return jsonb_build_object(
  'memory_id', memory.memory_id,
  'type', memory.type,
  'text', memory.text,
  'date', memory.date,
  'is_pinned', memory.is_pinned,
  'source', memory.source,
  'quote', memory.quote,
  'message_id', memory.message_id,
  'said_at', private.iso(memory.said_at),
  'updated_at', private.iso(memory.updated_at));

-- What the companion remembers, the latest first: {principal, companion_id, query: {limit, offset}}.
create function public.list_memories(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  log constant public.memory_logs := private.find_memory_log(
    private.resolve_principal(request -> 'principal'), request);
  page jsonb;
  total bigint;
begin
  select
    (select count(*) from public.memories
     where memory_log_id = log.memory_log_id and not is_hidden),
    (select jsonb_agg(private.memory_body(memory) order by memory.said_at desc, memory.memory_id)
     from (
       select * from public.memories
       where memory_log_id = log.memory_log_id and not is_hidden
       order by said_at desc, memory_id
       limit row_count offset first_row
     ) memory)
  into total, page;
  return private.answer_page(page, first_row, total);
end
$$;

-- One of them: {principal, companion_id, memory_id, status?}, where status is the answer's.
create function public.read_memory(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  log constant public.memory_logs := private.find_memory_log(
    private.resolve_principal(request -> 'principal'), request);
  memory public.memories;
begin
  select * into memory from public.memories
  where memory_log_id = log.memory_log_id and memory_id = request ->> 'memory_id'
    and not is_hidden;
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such memory: list the memories to see which there are.');
  end if;
  return private.answer(private.memory_body(memory), (request ->> 'status')::integer);
end
$$;

-- All of them as one document: {principal, companion_id}.
create function public.export_memories(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  log constant public.memory_logs := private.find_memory_log(principal_id, request);
begin
  return private.answer(jsonb_build_object(
    'character_id', log.character_id,
    'exported_at', private.iso(clock_timestamp()),
    'memories', coalesce((
      select jsonb_agg(private.memory_body(memory) order by memory.said_at, memory.memory_id)
      from public.memories memory
      where memory.memory_log_id = log.memory_log_id and not memory.is_hidden), '[]')));
end
$$;

revoke all on function
  private.memory_body(public.memories),
  public.list_memories(jsonb),
  public.read_memory(jsonb),
  public.export_memories(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.memory_body(public.memories),
  public.list_memories(jsonb),
  public.read_memory(jsonb),
  public.export_memories(jsonb)
to service_role;

-- A companion's memory follows the conversation's path: what was found only in messages that have left it is
-- not recalled, from the same transaction on; what comes back, and what a correction that has left had replaced,
-- comes with the next fold.

-- Notes that these messages of a session have left the path, or come back. The session is locked.
create function private.move_memories(
  session public.sessions, left_ids uuid[], back_ids uuid[]
) returns void
language plpgsql set search_path = '' as $$
declare
  log_id uuid;
begin
  update public.memory_readings
  set is_on_path = message_id = any (back_ids)
  where session_id = session.session_id and message_id = any (left_ids || back_ids)
    and is_on_path <> (message_id = any (back_ids));
  if not found then
    return;
  end if;
  update public.memory_logs
  set version = version + 1
  where owner_id = session.owner_id and character_id is not distinct from session.character_id
  returning memory_log_id into log_id;
  update public.memories memory
  set is_hidden = not exists (
    select from unnest(memory.message_ids) as found (message_id)
    cross join lateral (
      select session_id from public.messages where message_id = found.message_id limit 1
    ) message
    join public.memory_readings reading
      on reading.session_id = message.session_id and reading.message_id = found.message_id
    where reading.is_on_path)
  where memory.memory_log_id = log_id and memory.message_ids && (left_ids || back_ids)
    and not memory.is_pinned;
end
$$;

create function private.follow_path_with_memories() returns trigger
language plpgsql set search_path = '' as $$
declare
  moved record;
begin
  if old.is_active and not new.is_active then
    -- The conversation is deleted, and with it what was found in it.
    perform private.move_memories(new, array(
      select message_id from public.memory_readings where session_id = new.session_id), '{}');
    delete from public.memories memory
    using public.memory_logs log
    where log.owner_id = new.owner_id and log.character_id is not distinct from new.character_id
      and memory.memory_log_id = log.memory_log_id and memory.is_hidden
      and exists (
        select from public.memory_readings reading
        where reading.session_id = new.session_id
          and reading.message_id = any (memory.message_ids));
    delete from public.memory_entries entry
    using public.memory_readings reading
    where reading.session_id = new.session_id and entry.message_id = reading.message_id;
    return null;
  end if;
  -- The usual case: a new message follows the last one.
  if exists (
    select from public.messages
    where message_id = new.active_leaf_id and parent_id = old.active_leaf_id)
  and not exists (
    select from public.memory_readings
    where session_id = new.session_id and message_id = new.active_leaf_id)
  then
    return null;
  end if;
  select * into moved from private.path_difference(old.active_leaf_id, new.active_leaf_id);
  perform private.move_memories(new, moved.left_ids, moved.back_ids);
  if exists (
    select from public.memory_readings
    where session_id = new.session_id and message_id = any (moved.left_ids || moved.back_ids))
  then
    perform private.plan_memory(new);
  end if;
  return null;
end
$$;

-- A message is deleted for good, with its session or because its turn is taken back.
create function private.forget_deleted_reading() returns trigger
language plpgsql set search_path = '' as $$
begin
  update public.memories memory
  set message_ids = array_remove(memory.message_ids, old.message_id),
      is_hidden = memory.is_hidden
        or not memory.is_pinned and memory.message_ids = array[old.message_id]
  where memory.owner_id = old.owner_id and old.message_id = any (memory.message_ids);
  return null;
end
$$;

-- A character is deleted: what it remembered of its owner goes with it.
create function private.delete_memories_of_character() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.memory_logs
  where owner_id = old.owner_id and character_id = old.character_id;
  return null;
end
$$;

revoke all on function
  private.move_memories(public.sessions, uuid[], uuid[]),
  private.follow_path_with_memories(),
  private.forget_deleted_reading(),
  private.delete_memories_of_character()
from public, anon, authenticated, service_role;
grant execute on function private.move_memories(public.sessions, uuid[], uuid[]) to service_role;

create trigger follow_path_with_memories after update of active_leaf_id, is_active on public.sessions
  for each row when (
    new.kind = 'companion'
    and (old.active_leaf_id <> new.active_leaf_id or old.is_active and not new.is_active))
  execute function private.follow_path_with_memories();

create trigger forget_deleted_reading after delete on public.memory_readings
  for each row execute function private.forget_deleted_reading();

create trigger delete_memories_of_character after delete on public.characters
  for each row execute function private.delete_memories_of_character();

-- Gives a guest's memories to the account (identity/move_belongings.sql). Where both have a memory of the same
-- character, the guest's entries come after the account's; both principals and their logs are locked. What they
-- fold to together is computed by the next job.
create function private.move_memory_logs(guest_id uuid, account_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  joined record;
begin
  perform from public.memory_logs
  where owner_id in (guest_id, account_id)
  order by memory_log_id
  for no key update;
  for joined in
    select ours.memory_log_id as from_id, theirs.memory_log_id as to_id, theirs.last_position
    from public.memory_logs ours
    join public.memory_logs theirs
      on theirs.owner_id = account_id and theirs.character_id is not distinct from ours.character_id
    where ours.owner_id = guest_id
  loop
    insert into public.memory_entries (
      memory_log_id, owner_id, position, assertion_id, kind, body, message_id, created_at)
    select joined.to_id, account_id, joined.last_position + position, assertion_id, kind, body,
      message_id, created_at
    from public.memory_entries
    where memory_log_id = joined.from_id;
    insert into public.memories
    select (memory).*
    from (
      select jsonb_populate_record(known, jsonb_build_object(
        'memory_log_id', joined.to_id, 'owner_id', account_id)) as memory
      from public.memories known
      where known.memory_log_id = joined.from_id
    ) moved
    on conflict (memory_log_id, memory_id) do nothing;
    update public.memory_logs
    set last_position = last_position + (
          select last_position from public.memory_logs where memory_log_id = joined.from_id),
        version = version + 1
    where memory_log_id = joined.to_id;
    delete from public.memory_logs where memory_log_id = joined.from_id;
  end loop;
  update public.memory_logs set owner_id = account_id where owner_id = guest_id;
end
$$;

revoke all on function private.move_memory_logs(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function private.move_memory_logs(uuid, uuid) to service_role;

-- A message's text without the parts that its user wants forgotten, for summaries.
create function private.without_forgotten(message public.messages) returns text
language plpgsql stable set search_path = '' as $$
declare
  spans constant jsonb := (
    select forgotten from public.memory_readings
    where session_id = message.session_id and message_id = message.message_id);
  bytes bytea;
  kept bytea := '';
  last_end integer := 0;
  span record;
begin
  if spans is null or spans = '[]' then
    return message.content;
  end if;
  bytes := convert_to(message.content, 'UTF8');
  for span in
    select (value ->> 0)::integer as first, (value ->> 1)::integer as after
    from jsonb_array_elements(spans)
    order by 1
  loop
    if span.first > last_end then
      kept := kept || substr(bytes, last_end + 1, span.first - last_end);
    end if;
    last_end := greatest(last_end, span.after);
  end loop;
  return convert_from(kept || substr(bytes, last_end + 1), 'UTF8');
end
$$;

revoke all on function private.without_forgotten(public.messages)
from public, anon, authenticated, service_role;
grant execute on function private.without_forgotten(public.messages) to service_role;

create or replace function private.start_generation(
  session public.sessions, question public.messages, continued public.messages, bot public.bots,
  history private.turn_history, request jsonb, begun_at timestamptz
) returns public.generations
language plpgsql set search_path = '' as $$
declare
  max_reply_bytes constant integer := 4194304;
  turn_action text := coalesce(request ->> 'action', 'say');
  base_bytes integer := coalesce(octet_length(continued.content), 0);
  -- Another owner's bot keeps its instructions secret, even from the user of the turn.
  bot_system text := case when bot.owner_id = session.owner_id then bot.system end;
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
    heartbeat_at)
  values (
    session.owner_id, session.session_id,
    coalesce(request ->> 'stream_id', gen_random_uuid()::text), question.message_id,
    session.last_epoch + 1, coalesce(request ->> 'provider', bot.provider),
    coalesce(request ->> 'model', bot.model), turn_action, base_bytes,
    base_bytes, continued.message_id,
    case when turn_action in ('regenerate', 'continue') then session.active_leaf_id end,
    history.from_depth, history.summary_until_id,
    case when history.summary_until_id is not null then request ->> 'summary_heading' end,
    request ->> 'instruction', coalesce(request ->> 'system_prompt', bot_system),
    coalesce(nullif(request -> 'settings', 'null'), '{}'),
    request ->> 'idempotency_key',
    case when coalesce(request ->> 'idempotency_key', request ->> 'stream_id') is not null
      then request ->> 'request_hash' end,
    bot.bot_id, (request ->> 'dossier_version')::bigint,
    coalesce(request -> 'dossier_facts', '[]'),
    coalesce((request ->> 'extract')::boolean, false), request ->> 'prompt',
    private.read_id(request, 'call_id'), coalesce(request -> 'memory_ids', '[]'), begun_at, begun_at)
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

create or replace function private.close_generation(generation public.generations, outcome jsonb)
returns void
language plpgsql set search_path = '' as $$
begin
  perform private.store_reply(generation, outcome);
  if (outcome ->> 'extract')::boolean
    or (generation.action in ('regenerate', 'continue') and exists (
      select from public.message_extractions marked
      where marked.session_id = generation.session_id
        and marked.message_id = generation.user_message_id))
  then
    perform private.mark_for_extraction(generation.session_id,
      private.unmarked_until(generation.user_message_id) || generation.message_id);
  elsif generation.reads_question then
    perform private.mark_for_extraction(
      generation.session_id, private.unmarked_until(generation.user_message_id));
  end if;
  perform private.mark_for_memory(generation);
end
$$;

create or replace function public.begin_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- Of what is told of the dossier, for each token of history: a quarter of it.
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
  own_prompt text;
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
  own_prompt := request ->> 'system_prompt';
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
      'dossier_facts', dossier -> 'fact_ids',
      'system_prompt', concat(request ->> 'system_prompt', told));
    dossier := dossier - array['text', 'fact_ids'] || jsonb_build_object('told', told);
  end if;
  generation := private.start_generation(
    session, question, continued, bot, history, request, begun_at);

  return private.describe_turn(session, question, generation)
    || jsonb_build_object(
      'created_session', coalesce(named.epoch, generation.epoch) = 1,
      'summary', history.summary,
      'history', history.messages,
      'replayed', false)
    || case when turn_action in ('regenerate', 'continue') and question.metadata <> '{}'
      then jsonb_build_object('message_metadata', question.metadata) else '{}' end
    || case when session.kind in ('chat', 'relay') then '{}'
      else jsonb_build_object('kind', session.kind) end
    || case when session.kind = 'realtime' and request ? 'kinds'
      then jsonb_build_object('system_prompt', own_prompt) else '{}' end
    || case when session.kind <> 'companion' then '{}'
      else private.describe_companion(session, companion)
        || jsonb_build_object('system_prompt', nullif(
          concat(own_prompt, request ->> 'memory_text'), '')) end
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

create or replace function private.lock_belongings(principal_id uuid) returns boolean
language plpgsql set search_path = '' as $$
begin
  perform from public.principals where id = principal_id for no key update;
  if not found then
    return false;
  end if;
  perform from public.bots where owner_id = principal_id order by bot_id for no key update;
  perform from public.characters where owner_id = principal_id order by character_id for no key update;
  perform from public.projects where owner_id = principal_id order by project_id for no key update;
  perform from public.sessions where owner_id = principal_id order by session_id for no key update;
  -- Only of an open one is a step claimed, without the session's lock.
  perform from public.jobs
  where owner_id = principal_id and status in ('queued', 'running', 'paused')
  order by job_id
  for no key update;
  perform from public.dossiers where owner_id = principal_id order by project_id for no key update;
  perform from public.memory_logs where owner_id = principal_id order by memory_log_id for no key update;
  return true;
end
$$;

create or replace function private.session_summary_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 200;
  max_bytes constant integer := 65536;
  -- Per message: only the beginning of a pasted chapter is summarised.
  max_message_characters constant integer := 4000;
  no_limit constant integer := 2147483647;
  wanted_id constant uuid := (job.payload ->> 'until_message_id')::uuid;
  goal public.messages;
  covered public.session_summaries;
  covered_depth integer;
  work jsonb;
begin
  select * into goal from public.messages where message_id = wanted_id;
  -- The conversation may have been deleted, or may have taken another path.
  if not exists (
    select from public.sessions session
    where session.session_id = job.session_id and session.is_active
      and private.message_on_path(session.active_leaf_id, goal.depth) = wanted_id)
  then
    return null;
  end if;
  covered := private.summary_on_path(job.session_id, wanted_id, no_limit);
  if covered.until_message_id = wanted_id then
    return null;
  end if;
  covered_depth := coalesce(
    (select depth from public.messages where message_id = covered.until_message_id), 0);

  with recursive walked as (
    select message_id, parent_id, depth, position
    from public.messages
    where message_id = wanted_id
    union all
    select parent.message_id, parent.parent_id, parent.depth, parent.position
    from walked child
    cross join lateral (
      select * from public.messages where message_id = child.parent_id limit 1
    ) parent
    where child.depth > covered_depth + 1 and child.position <> child.depth
  ),
  listed as (
    select message_id, depth from walked where position <> depth
    union all
    (
      select message_id, depth from public.messages
      where session_id = job.session_id and owner_id = job.owner_id
        and position > covered_depth
        and position <= (select max(depth) from walked where position = depth)
      order by position
      limit max_messages
    )
  ),
  sized as (
    select message.message_id, message.role, message.depth, message.content,
      sum(octet_length(message.content)) over (order by message.depth) as bytes_so_far
    from (select * from listed order by depth limit max_messages) first_ones
    cross join lateral (
      select whole.message_id, whole.role, whole.depth,
        left(private.without_forgotten(whole), max_message_characters) as content
      from public.messages whole
      where whole.message_id = first_ones.message_id
      limit 1
    ) message
  )
  select jsonb_build_object(
    'previous_summary', covered.summary,
    'messages', coalesce(
      jsonb_agg(jsonb_build_object('role', role, 'content', content) order by depth)
        filter (where content <> ''), '[]'),
    'until_message_id', (array_agg(message_id order by depth desc))[1])
  into work
  from sized
  where bytes_so_far <= max_bytes;
  -- The step keeps the id for private.session_summary_store.
  update public.job_steps
  set payload = payload || jsonb_build_object('next_message_id', work -> 'until_message_id')
  where job_id = step.job_id and job_steps.step = session_summary_work.step.step;
  return work;
end
$$;

create or replace function private.move_belongings(guest_id uuid, account_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_attempts constant integer := 10;
  moved jsonb;
begin
  perform private.lock_belongings(guest_id);
  select jsonb_build_object(
    'projects', (select count(*) from public.projects where owner_id = guest_id),
    'sessions', (select count(*) from public.sessions where owner_id = guest_id),
    'messages', (
      select count(*) from public.sessions session
      join public.messages message
        on message.session_id = session.session_id and message.owner_id = guest_id
      where session.owner_id = guest_id),
    'dossiers', (select count(*) from public.dossiers where owner_id = guest_id))
  into moved;

  for attempt in 1..max_attempts loop
    begin
      perform private.rename_clashes(guest_id, account_id);
      -- Foreign keys carry the owner on to whatever is in them.
      update public.projects set owner_id = account_id where owner_id = guest_id;
      update public.sessions set owner_id = account_id where owner_id = guest_id;
      exit;
    exception when unique_violation then
      -- The account has just used a name that the guest had.
      if attempt = max_attempts then
        raise;
      end if;
    end;
  end loop;

  update public.bots set owner_id = account_id where owner_id = guest_id;
  update public.characters set owner_id = account_id where owner_id = guest_id;
  perform private.move_memory_logs(guest_id, account_id);
  update public.model_calls set owner_id = account_id where owner_id = guest_id;
  update public.profiles set owner_id = account_id
  where owner_id = guest_id
    and not exists (select from public.profiles where owner_id = account_id);
  delete from public.profiles where owner_id = guest_id;
  return moved;
end
$$;

select private.align_grants_with_policies();
