-- Conversations are told to models as far as they fit, with what is attached and with cut texts; summaries are made of all of a long text; turns that have failed without a word run again under their names; silence is noticed after 15 seconds.

set local lock_timeout = '10s';

alter table public.generations
  add column cuts jsonb not null default '{}' check (jsonb_typeof(cuts) = 'object'),
  add column whole_from_depth integer check (whole_from_depth >= 1),
  add column history_budget_tokens integer;

alter type private.turn_history add attribute whole_from_depth integer;
alter type private.turn_history add attribute cuts jsonb;
alter type private.turn_history add attribute question_text text;

drop function private.read_history(uuid, uuid, integer);
drop trigger plan_summary on public.generations;

-- The text that stands for a message in what models are sent.

-- The attachments of a user's message as text, to follow the message's own: attached texts, and a note for
-- each other attachment; '' for none.
create or replace function private.attached_text(metadata jsonb) returns text
language sql immutable parallel safe
return coalesce((
  select pg_catalog.string_agg(
    case
      when coalesce(attached.value ->> 'text', attached.value ->> 'text_read') is not null
        then pg_catalog.concat(
          E'\n\n<attachment name="', attached.value ->> 'name', E'">\n',
          coalesce(attached.value ->> 'text', attached.value ->> 'text_read'), E'\n</attachment>')
      else pg_catalog.concat(
        E'\n\n[Attached to this message, and not shown again: ',
        case when attached.value ->> 'type' = 'image' then 'the image ' else 'the text ' end,
        coalesce(attached.value ->> 'name', attached.value ->> 'path', attached.value ->> 'url'), ']')
    end, '' order by attached.place)
  from pg_catalog.jsonb_array_elements(metadata -> 'attachments')
    with ordinality as attached (value, place)), '');

-- A message's text with what is attached to it. Its own text comes first, so that its bytes have the same
-- places in both.
create or replace function private.sent_text(message public.messages) returns text
language sql immutable parallel safe
return case
  when message.role = 'user' then message.content || private.attached_text(message.metadata)
  else message.content
end;

-- The first bytes of a text, or the last ones: at most max_bytes, in whole characters, and in whole paragraphs,
-- lines or words, if that costs no more than an eighth.
create or replace function private.text_edge(content text, max_bytes integer, is_beginning boolean)
returns text
language plpgsql immutable set search_path = '' as $$
declare
  bytes constant bytea := convert_to(content, 'UTF8');
  place integer := case when is_beginning then max_bytes else length(bytes) - max_bytes end;
  part text;
  boundary text;
  lost integer;
begin
  if max_bytes >= length(bytes) then
    return content;
  end if;
  -- Continuation bytes are 10xxxxxx.
  while place > 0 and place < length(bytes) and get_byte(bytes, place) & 192 = 128 loop
    place := place + case when is_beginning then -1 else 1 end;
  end loop;
  part := case when is_beginning then convert_from(substr(bytes, 1, place), 'UTF8')
    else convert_from(substr(bytes, place + 1), 'UTF8') end;
  foreach boundary in array array[E'\n\n', E'\n', ' '] loop
    -- Characters beyond the boundary, which is kept at the end of a beginning.
    lost := position(boundary in case when is_beginning then reverse(part) else part end) - 1;
    if lost >= 0 and lost <= char_length(part) / 8 then
      return case when is_beginning then left(part, char_length(part) - lost)
        else substr(part, lost + char_length(boundary) + 1) end;
    end if;
  end loop;
  return part;
end
$$;

-- A text of at most max_bytes: one that is longer is cut to its beginning and its end, with a note of what is
-- missing between them.
create or replace function private.cut_text(content text, max_bytes integer) returns text
language plpgsql immutable set search_path = '' as $$
declare
  note constant text := E'\n\n[%s bytes of this text are left out here: they do not fit.]\n\n';
  -- More than the note takes.
  note_bytes constant integer := 80;
  room constant integer := greatest(max_bytes - note_bytes, 0);
  beginning text;
  ending text;
begin
  if octet_length(content) <= max_bytes then
    return content;
  end if;
  beginning := private.text_edge(content, room / 2, true);
  ending := private.text_edge(content, room / 2, false);
  return concat(
    beginning,
    format(note, octet_length(content) - octet_length(beginning) - octet_length(ending)),
    ending);
end
$$;

-- The bytes that this many tokens of a message hold: the reverse of private.estimate_tokens.
create or replace function private.bytes_of_tokens(tokens integer) returns integer
language sql immutable parallel safe
return greatest(tokens - 4, 0) * 4;

revoke all on function
  private.attached_text(jsonb),
  private.sent_text(public.messages),
  private.text_edge(text, integer, boolean),
  private.cut_text(text, integer),
  private.bytes_of_tokens(integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.attached_text(jsonb),
  private.sent_text(public.messages),
  private.text_edge(text, integer, boolean),
  private.cut_text(text, integer),
  private.bytes_of_tokens(integer)
to authenticated, service_role;

-- A conversation's history for a prompt: the newest messages on the path to the leaf that fit into the
-- budget, oldest first, as [{"role", "content"}], with the texts that are attached to them. A message that is
-- larger than what is left of the budget is cut to that (private.cut_text), and the history begins there. It
-- begins with a user's message or the conversation's first, unless nothing else fits. A user's message that
-- was not answered and was then said again, in newer_text or the history, is left out.
--
-- Returns also the depth of the first message, the first depth from which none is cut (both null when there is
-- none), the bytes to which texts were cut, by message_id, and the tokens of it all. The cost depends on the
-- result, not on the conversation's length. Reads with the principal's rights.
--
-- A parent arrives before its answers, so the path is met on the way back through the session in the order of
-- arrival. Read in this order, messages lie beside each other; following each parent_id by its index would
-- cost four pages for each message. Takes that are not on the path are read in vain: after a few of them the
-- reading goes on at the message that is next on the path.
create or replace function private.read_history(
  principal_id uuid, leaf_id uuid, budget_tokens integer, newer_text text,
  out messages jsonb, out from_depth integer, out whole_from_depth integer, out cuts jsonb,
  out tokens integer
)
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 200;
  max_passed_over constant integer := 8;
  -- Less of a message is of no use; but the question of a reply that is sent is worth some words.
  least_tokens_cut constant integer := 128;
  least_tokens_of_question constant integer := 40;
  own_role constant text := current_setting('role');
  tokens_left integer := budget_tokens;
  next_id uuid := leaf_id;
  next_message record;
  nearby refcursor;
  message record;
  newer_role text := 'user';
  newer text := newer_text;
  said text;
  size_tokens integer;
  room integer;
  is_last boolean := false;
  passed_over integer;
  steps integer := 0;
  ids uuid[] := '{}';
  roles text[] := '{}';
  contents text[] := '{}';
  depths integer[] := '{}';
  sizes integer[] := '{}';
begin
  cuts := '{}';
  perform private.act_as(principal_id);
  while next_id is not null and tokens_left > 0 and steps < max_messages loop
    select owner_id, session_id, position into next_message
    from public.messages where message_id = next_id;
    exit when not found;
    passed_over := 0;
    open nearby for
      select older.message_id, older.parent_id, older.depth, older.role, older.content, older.metadata
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
      said := message.content || case
        when message.role = 'user' and message.metadata ? 'attachments'
          then private.attached_text(message.metadata) else '' end;
      continue when said = ''
        or (message.role = 'user' and newer_role = 'user' and said = newer);
      size_tokens := private.estimate_tokens(said);
      if size_tokens > tokens_left then
        if tokens_left >= least_tokens_cut then
          -- A reply leaves some room to its question.
          room := case when message.role = 'assistant' then tokens_left / 4 * 3 else tokens_left end;
        elsif message.role = 'user' and newer_role = 'assistant' and ids <> '{}'
          and tokens_left >= least_tokens_of_question
        then
          room := tokens_left;
        else
          tokens_left := 0;
          exit;
        end if;
        said := private.cut_text(said, private.bytes_of_tokens(room));
        cuts := cuts || jsonb_build_object(message.message_id::text, private.bytes_of_tokens(room));
        size_tokens := room;
        if message.role <> 'assistant' then
          is_last := true;
        end if;
      end if;
      ids := ids || message.message_id;
      roles := roles || message.role;
      contents := contents || said;
      depths := depths || message.depth;
      sizes := sizes || size_tokens;
      tokens_left := case when is_last then 0 else tokens_left - size_tokens end;
      -- After a cut nothing follows but the question of the reply that was cut.
      is_last := is_last or cuts <> '{}';
      newer_role := message.role;
      newer := said;
    end loop;
    close nearby;
  end loop;
  perform set_config('role', own_role, true);

  select
    coalesce(jsonb_agg(
      jsonb_build_object('role', fitting.role, 'content', fitting.content) order by fitting.depth),
      '[]'),
    min(fitting.depth),
    min(fitting.depth) + (count(*) filter (where cuts ? fitting.message_id::text))::integer,
    coalesce(sum(fitting.size), 0)
  into read_history.messages, read_history.from_depth, read_history.whole_from_depth,
    read_history.tokens
  from unnest(ids, roles, contents, depths, sizes)
    as fitting (message_id, role, content, depth, size)
  where fitting.depth >= coalesce(
    (select min(first.depth) from unnest(roles, depths) as first (role, depth)
      where first.role = 'user' or first.depth = 1),
    0);
  cuts := coalesce((
    select jsonb_object_agg(cut.key, cut.value)
    from jsonb_each(cuts) as cut
    join unnest(ids, depths) as sent (message_id, depth) on sent.message_id::text = cut.key
    where sent.depth >= from_depth), '{}');
end
$$;

revoke all on function private.read_history(uuid, uuid, integer, text)
from public, anon, authenticated, service_role;
grant execute on function private.read_history(uuid, uuid, integer, text) to service_role;

-- The history for a turn's prompt, without the new text or the instruction. The question, and a reply that is
-- continued, are always included; if they are larger than the budget, they are cut, so that the newest
-- messages before them, or a summary, still have a quarter of it. A summary takes at most half of what there
-- is for older messages.
create or replace function private.read_turn_history(
  principal_id uuid, question public.messages, continued public.messages, request jsonb
) returns private.turn_history
language plpgsql set search_path = '' as $$
declare
  -- Summaries that are never made must not make turns slower and slower.
  max_summary_steps constant integer := 1000;
  -- A smaller budget is not divided: nothing would be left of a text that is cut.
  least_divided_tokens constant integer := 1024;
  turn_action text := coalesce(request ->> 'action', 'say');
  budget_tokens constant integer := (request ->> 'history_budget_tokens')::integer
    - coalesce(private.estimate_tokens(request ->> 'instruction'), 0);
  question_tokens constant integer := private.estimate_tokens(question.content);
  continued_tokens constant integer := coalesce(private.estimate_tokens(continued.content), 0);
  is_divided constant boolean := budget_tokens >= least_divided_tokens;
  older_tokens integer := budget_tokens - question_tokens - continued_tokens;
  summary public.session_summaries := private.summary_on_path(
    question.session_id, question.parent_id, max_summary_steps);
  summary_tokens integer := private.estimate_tokens(
    coalesce(request ->> 'summary_heading', '') || summary.summary);
  history private.turn_history;
  older record;
  room integer;
begin
  if is_divided then
    older_tokens := greatest(older_tokens, budget_tokens / 4);
  end if;
  if summary_tokens * 2 > older_tokens then
    summary := null;
  end if;
  summary_tokens := case when summary.summary is null then 0 else summary_tokens end;
  select * into older
  from private.read_history(
    principal_id, question.parent_id, older_tokens - summary_tokens,
    private.sent_text(question));
  history.messages := older.messages;
  history.from_depth := coalesce(older.from_depth, question.depth);
  history.whole_from_depth := coalesce(older.whole_from_depth, question.depth);
  history.cuts := older.cuts;
  if history.whole_from_depth > 1 then
    history.summary := summary.summary;
    history.summary_until_id := summary.until_message_id;
  end if;

  -- The room that the older messages and the summary leave.
  room := budget_tokens - older.tokens
    - case when history.summary is null then 0 else summary_tokens end;
  if is_divided and question_tokens + continued_tokens > room then
    if continued_tokens > 0 and continued_tokens > room / 2 then
      continued.content := private.cut_text(
        continued.content, private.bytes_of_tokens(greatest(room / 2, room - question_tokens)));
      history.cuts := history.cuts || jsonb_build_object(
        continued.message_id::text, private.bytes_of_tokens(greatest(room / 2, room - question_tokens)));
      room := room - private.estimate_tokens(continued.content);
    else
      room := room - continued_tokens;
    end if;
    if question_tokens > room then
      question.content := private.cut_text(question.content, private.bytes_of_tokens(room));
      history.cuts := history.cuts || jsonb_build_object(
        question.message_id::text, private.bytes_of_tokens(room));
      if turn_action in ('say', 'edit') then
        history.question_text := question.content;
      end if;
    end if;
  end if;
  if turn_action in ('regenerate', 'continue') then
    history.messages := history.messages
      || jsonb_build_object('role', question.role, 'content', question.content);
  end if;
  if turn_action = 'continue' then
    history.messages := history.messages
      || jsonb_build_object('role', continued.role, 'content', continued.content);
  end if;
  return history;
end
$$;

revoke all on function private.read_turn_history(uuid, public.messages, public.messages, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.read_turn_history(uuid, public.messages, public.messages, jsonb)
to service_role;

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
    heartbeat_at, cuts, whole_from_depth, history_budget_tokens)
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
    private.read_id(request, 'call_id'), coalesce(request -> 'memory_ids', '[]'), begun_at,
    begun_at, history.cuts, history.whole_from_depth,
    (request ->> 'history_budget_tokens')::integer)
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

revoke all on function private.start_generation(public.sessions, public.messages, public.messages, public.bots, private.turn_history, jsonb, timestamptz)
from public, anon, authenticated, service_role;
grant execute on function private.start_generation(public.sessions, public.messages, public.messages, public.bots, private.turn_history, jsonb, timestamptz)
to service_role;

-- When the writer of a streaming generation is taken for dead, in milliseconds from now; 0: it is.
-- Only the database's clock decides: heartbeats are written with it, and no other clock's time is compared
-- with it. A live writer sends one at least every 5 seconds, and one that was only slow may reopen its reply.
create or replace function private.silent_in_ms(generation public.generations) returns integer
language plpgsql set search_path = '' as $$
declare
  silence_limit_ms constant integer := 15000;
begin
  -- No more than an integer holds, whatever the row says.
  return greatest(least(
    ceil(1000 * extract(epoch from generation.heartbeat_at - clock_timestamp())) + silence_limit_ms,
    2147483647), 0)::integer;
end
$$;

create or replace function private.is_silent(generation public.generations) returns boolean
language plpgsql set search_path = '' as $$
begin
  return private.silent_in_ms(generation) = 0;
end
$$;

-- Ends a streaming generation whose writer is silent. The caller has locked the session and the generation.
create or replace function private.end_for_silence(generation public.generations) returns void
language plpgsql set search_path = '' as $$
begin
  perform private.close_generation(
    generation, '{"status": "interrupted", "error_code": "interrupted"}');
  update public.generations set ended_by_silence = true
  where generation_id = generation.generation_id;
end
$$;

-- Ends this generation if its writer is silent; the caller has locked nothing else.
create or replace function private.end_if_silent(generation public.generations) returns void
language plpgsql set search_path = '' as $$
begin
  if generation.status <> 'streaming' or not private.is_silent(generation) then
    return;
  end if;
  perform from public.sessions where session_id = generation.session_id for no key update;
  -- Read again: it may have gone on, or ended, before it was locked.
  select * into generation from public.generations
  where generation_id = generation.generation_id
  for no key update;
  if generation.status = 'streaming' and private.is_silent(generation) then
    perform private.end_for_silence(generation);
  end if;
end
$$;

-- Refuses while a turn runs in the session; a turn whose writer is silent is ended instead. The caller has
-- locked the session.
create or replace function private.end_silent_turn(locked_session_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  retry_after_seconds constant text := '2';
  running public.generations;
begin
  select * into running from public.generations
  where session_id = locked_session_id and status = 'streaming'
  for no key update;
  if not found then
    return;
  end if;
  if not private.is_silent(running) then
    perform private.refuse(409, 'turn_in_progress',
      'A reply is still being written in this session: wait until it ends, or cancel it.',
      retry_after_seconds);
  end if;
  perform private.end_for_silence(running);
end
$$;

revoke all on function
  private.silent_in_ms(public.generations),
  private.is_silent(public.generations),
  private.end_for_silence(public.generations),
  private.end_if_silent(public.generations),
  private.end_silent_turn(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.silent_in_ms(public.generations),
  private.is_silent(public.generations),
  private.end_for_silence(public.generations),
  private.end_if_silent(public.generations),
  private.end_silent_turn(uuid)
to service_role;

-- Reads a stored or running reply: {principal, stream_id | generation_id, after_bytes}; returns {status,
-- stream_id, generation_id, epoch, session_id, project_id, user_id, message_id, user_message_id, turn_number,
-- action, base_bytes, saved_bytes, text, is_final, cancel_requested, error_code, finish_reason, provider,
-- model, usage, title}, while it runs also silent_in_ms, after which its writer is taken for dead unless it is
-- heard of, and `dossier` if the turn has asked for it. text is the stored text after the first
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

revoke all on function public.read_turn(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_turn(jsonb) to service_role;

-- Undoes a generation of which no text is stored, as if the model had never been asked.

-- Whether a turn has ended without a word, and not because somebody wanted it to: every model has failed, or
-- the client or the process was gone. A request that is made again is answered then.
create or replace function private.has_failed_silently(generation public.generations) returns boolean
language sql immutable
return generation.status in ('failed', 'disconnected', 'interrupted') and generation.saved_bytes = 0;

-- Deletes a generation without text, if its writer is silent or has given it up, or every model has failed, and
-- the conversation has not gone on since; false otherwise. The question stays, and the path is restored to where the run found it. The
-- caller has locked the session and the generation.
create or replace function private.forget_run(generation public.generations) returns boolean
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
begin
  select * into session from public.sessions where session_id = generation.session_id;
  if not session.is_active or session.last_epoch <> generation.epoch
    or generation.save_count > 0
    or exists (select from public.messages where message_id = generation.message_id)
    or exists (
      select from public.message_revisions edited
      where edited.session_id = generation.session_id and edited.last_epoch = generation.epoch)
    or not (generation.status = 'streaming' or generation.ended_by_silence
      or private.has_failed_silently(generation))
  then
    return false;
  end if;
  update public.sessions
  set last_epoch = last_epoch - 1,
      active_leaf_id = case when active_leaf_id = generation.user_message_id
        then coalesce(generation.previous_leaf_id, active_leaf_id) else active_leaf_id end
  where session_id = generation.session_id;
  delete from public.generations where generation_id = generation.generation_id;
  return true;
end
$$;

-- For a repeated request whose turn's writer has died before it stored any text, or has failed without a word:
-- deletes that run, so that the request runs now. Returns the question; nulls when the turn is to be replayed instead. The session is
-- then locked.
create or replace function private.forget_dead_run(named public.generations) returns public.messages
language plpgsql set search_path = '' as $$
declare
  generation public.generations;
  question public.messages;
begin
  if not (named.ended_by_silence or private.has_failed_silently(named)
    or (named.status = 'streaming' and private.is_silent(named)))
  then
    return null;
  end if;
  perform from public.sessions where session_id = named.session_id for no key update;
  select * into generation from public.generations
  where generation_id = named.generation_id
  for no key update;
  if (generation.ended_by_silence or private.has_failed_silently(generation)
      or (generation.status = 'streaming' and private.is_silent(generation)))
    and private.forget_run(generation)
  then
    select * into question from public.messages where message_id = generation.user_message_id;
  end if;
  return question;
end
$$;

revoke all on function
  private.has_failed_silently(public.generations),
  private.forget_run(public.generations),
  private.forget_dead_run(public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.has_failed_silently(public.generations),
  private.forget_run(public.generations),
  private.forget_dead_run(public.generations)
to service_role;

-- Begins a turn in one of four ways: a new message is said, an earlier message is edited, a reply is
-- regenerated, or a reply is continued. A repeated request begins nothing, unless its writer has died before
-- it stored any text, or its turn has failed without a word: then the turn runs again. One call is one transaction. Locks are taken in the order
-- principal, call, idempotency key, rate limit, session, generation.
--
-- Takes {principal, kind, session_id | null, project_id | null, text, title, provider, model,
-- history_budget_tokens, stream_id | null, claimed_user_id | null} and, all optional, {action, message_id,
-- external_id, bot_id, instruction, system_prompt, prompt, settings, idempotency_key, request_hash,
-- rate_limit, message_metadata, task_prompts, task_prompt_labels, dossier, dossier_heading, extract,
-- if_newest, call_id, wait_ms}.
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
--   wait_ms           refuses when more than this has passed since the transaction began: nobody waits
--                     any more
--   action            say         `text` comes after the path's end (the default)
--                     edit        `text` stands beside the user's message `message_id`
--                     regenerate  the reply `message_id` is taken again, or the user's message answered
--                                 again
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
-- prompt. Of a companion's or a realtime session also `kind`; of a companion's {character, system_prompt},
-- where system_prompt is what is to be sent in place of the request's. For a named principal also created_user:
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
    || case when history.question_text is null then '{}'
      else jsonb_build_object('text', history.question_text) end
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

revoke all on function public.begin_turn(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.begin_turn(jsonb) to service_role;

-- Ends a turn: {generation_id, status, from_offset, text, finish_reason, error_code, usage: {input_tokens,
-- output_tokens} | null, first_token_ms, latency_ms, provider, model, attempts?, extract?, dossier_facts?,
-- instruction_sent?},
-- where attempts are the turn's model calls (private.write_model_calls), `extract` true says that question
-- and reply are worth reading for the dossier, dossier_facts are the ids of the facts that the model was
-- sent, and instruction_sent false says that it was sent no instruction, but went on in its own words. Returns {message_id, status, already, saved_bytes, title}, and if the turn has asked for its dossier
-- also `dossier`, {version, pending, updated}, in its current state. message_id is null when the model has
-- said nothing. Calling again changes nothing and returns `already` true; so does a call for a reply that was
-- ended for silence and cannot be reopened: the caller compares status and saved_bytes with what it has told
-- its client.
create or replace function public.finish_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_id uuid := private.read_id(request, 'generation_id');
  generation public.generations;
  session record;
  fact_ids constant jsonb := coalesce(nullif(request -> 'dossier_facts', 'null'), '[]');
  is_first_call boolean;
begin
  select found.session_id, found.project_id, found.title into session
  from public.sessions found
  where found.session_id = (
    select session_id from public.generations where generation_id = wanted_id)
  for no key update;

  select * into generation from public.generations
  where generation_id = wanted_id
  for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such generation: stop.');
  end if;

  if request ->> 'status' is not null then
    generation := private.reopen_generation(generation);
  end if;
  is_first_call := generation.status = 'streaming';
  if is_first_call then
    if request ->> 'status' is null or request ->> 'status' not in (
      'complete', 'stopped', 'disconnected', 'interrupted', 'failed') then
      perform private.refuse(422, 'invalid_request',
        'status must be complete, stopped, disconnected, interrupted or failed.');
    end if;
    perform private.check_fact_ids(fact_ids);
    perform private.close_generation(generation, request);
    if fact_ids <> '[]' then
      update public.generations set dossier_facts = fact_ids
      where generation_id = generation.generation_id;
    end if;
    if not coalesce((request ->> 'instruction_sent')::boolean, true) then
      update public.generations set instruction = null
      where generation_id = generation.generation_id;
    end if;
    select * into generation from public.generations where generation_id = wanted_id;
  end if;

  return jsonb_build_object(
    'message_id', case when generation.saved_bytes > 0 then generation.message_id end,
    'status', generation.status,
    'already', not is_first_call,
    'saved_bytes', generation.saved_bytes,
    'title', session.title)
    || case when generation.dossier_version is null then '{}'
      else jsonb_build_object('dossier', (
        select jsonb_build_object(
          'version', dossier.head,
          'pending', private.is_dossier_pending(generation.session_id),
          'updated', private.is_dossier_updated(
            generation.session_id, generation.epoch, dossier.head))
        from public.dossiers dossier
        where dossier.project_id = session.project_id)) end;
end
$$;

revoke all on function public.finish_turn(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.finish_turn(jsonb) to service_role;

-- The messages that the model was sent for this generation, oldest first, as [{"message_id", "role",
-- "content", "cut"?}]: the part of the path that was sent, with the texts of that time and what is attached to
-- them, and the instruction, which is not a message. cut is {bytes, sent_bytes} of a text that did not fit. The
-- question's own attachments are told elsewhere. Reads with the principal's rights.
create or replace function private.read_sent_messages(principal_id uuid, generation public.generations)
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
      newest.content, newest.metadata
    from public.messages newest
    where newest.message_id = newest_id
    union all
    select parent.message_id, parent.session_id, parent.parent_id, parent.depth, parent.role,
      parent.content, parent.metadata
    from path child
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where message_id = child.parent_id limit 1
    ) parent
    where child.depth > generation.sent_from_depth
  ),
  told as (
    select path.message_id, path.role, path.depth,
      coalesce(replaced.content, path.content)
        || case when path.role = 'user' and path.message_id <> generation.user_message_id
            and generation.whole_from_depth is not null
          then private.attached_text(path.metadata) else '' end as content,
      lead(path.role) over (order by path.depth) as newer_role,
      lead(path.content
        || case when path.role = 'user' then private.attached_text(path.metadata) else '' end)
        over (order by path.depth) as newer
    from path
    left join lateral (
      select revision.content
      from public.message_revisions revision
      where revision.session_id = path.session_id and revision.message_id = path.message_id
        and revision.last_epoch >= generation.epoch
      order by revision.revision
      limit 1
    ) replaced on true
    where path.content <> ''
  )
  select jsonb_agg(
    jsonb_build_object('message_id', told.message_id, 'role', told.role, 'content', fitted.content)
      || case when fitted.content = told.content then '{}' else jsonb_build_object(
        'cut', jsonb_build_object(
          'bytes', octet_length(told.content), 'sent_bytes', octet_length(fitted.content))) end
    order by told.depth)
  into sent
  from told
  cross join lateral (
    select case when generation.cuts ? told.message_id::text
      then private.cut_text(told.content, (generation.cuts ->> told.message_id::text)::integer)
      else told.content end as content
  ) fitted
  -- As private.read_history leaves it out.
  where not (generation.whole_from_depth is not null
    and told.role = 'user' and told.newer_role is not distinct from 'user'
    and told.content = told.newer);
  perform set_config('role', own_role, true);
  if generation.instruction is not null then
    sent := sent || jsonb_build_object(
      'message_id', null, 'role', 'user', 'content', generation.instruction);
  end if;
  return sent;
end
$$;

revoke all on function private.read_sent_messages(uuid, public.generations)
from public, anon, authenticated, service_role;
grant execute on function private.read_sent_messages(uuid, public.generations) to service_role;

-- The messages on a session's path that have unread text, from the path's beginning: {message_id, depth}.
-- Other takes are not read until they are on the path again.
create or replace function private.unread_on_path(wanted_session_id uuid)
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

-- A text from from_byte on, at most max_bytes, in whole characters. A part that is cut ends after a
-- paragraph, a line or a word, if one ends in its second half.
create or replace function private.text_part(content text, from_byte integer, max_bytes integer)
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

-- The input for reading a part of a conversation for its dossier: {project_id, messages: [{message_id, role,
-- text, from_byte, to_byte, created_at}], before: [{message_id, role, text, from_byte, created_at}],
-- dossier: {head, folded_to, log_start}}; null when nothing is left to read or to fold. text is the part
-- from from_byte to to_byte, created_at is in milliseconds since the epoch, and before has the ends of the
-- preceding texts. If messages is empty, the log only has to be folded. The size is bounded: the rest is
-- another part.
create or replace function private.extraction_work(wanted_session_id uuid) returns jsonb
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
  dossier record;
  place jsonb;
begin
  for unread in select * from private.unread_on_path(wanted_session_id) limit max_messages loop
    exit when bytes_left < 4;
    select message.*, extraction.read_bytes into waiting
    from public.messages message
    join public.message_extractions extraction
      on extraction.session_id = message.session_id and extraction.message_id = message.message_id
    where message.message_id = unread.message_id;
    -- Attached texts follow the message's own, so that positions in it stay the same.
    part := private.text_part(
      waiting.content || case when waiting.role = 'user'
        then private.attached_text(waiting.metadata) else '' end,
      waiting.read_bytes, bytes_left);
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
  select project_id, head, folded_to, log_start into dossier
  from public.dossiers
  where project_id = (select project_id from public.sessions where session_id = wanted_session_id);
  place := jsonb_build_object(
    'head', dossier.head, 'folded_to', dossier.folded_to, 'log_start', dossier.log_start);
  if parts = '[]' then
    return case when dossier.head > dossier.folded_to then jsonb_build_object(
      'project_id', dossier.project_id, 'messages', parts, 'before', parts, 'dossier', place) end;
  end if;

  with recursive earlier as (
    select first.parent_id as next_id, null::uuid as message_id, null::text as role,
      null::text as content, null::timestamptz as created_at, 0 as steps
    union all
    select parent.parent_id, parent.message_id, parent.role, parent.content, parent.created_at,
      earlier.steps + 1
    from earlier
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where messages.message_id = earlier.next_id limit 1
    ) parent
    where earlier.steps < messages_before
  )
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'message_id', message_id,
      'role', role,
      'text', right(content, characters_before),
      'from_byte', octet_length(content) - octet_length(right(content, characters_before)),
      'created_at', floor(extract(epoch from created_at) * 1000)::bigint)
    order by steps desc), '[]')
  into before
  from earlier
  where content <> '';
  if first.read_bytes > 0 then
    part := private.text_part(
      first.content || case when first.role = 'user'
        then private.attached_text(first.metadata) else '' end,
      0, first.read_bytes);
    before := before || jsonb_build_object(
      'message_id', first.message_id,
      'role', first.role,
      'text', right(part, characters_before),
      'from_byte', octet_length(part) - octet_length(right(part, characters_before)),
      'created_at', floor(extract(epoch from first.created_at) * 1000)::bigint);
  end if;

  return jsonb_build_object(
    'project_id', dossier.project_id,
    'messages', parts,
    'before', before,
    'dossier', place);
end
$$;

revoke all on function
  private.unread_on_path(uuid),
  private.text_part(text, integer, integer),
  private.extraction_work(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.unread_on_path(uuid),
  private.text_part(text, integer, integer),
  private.extraction_work(uuid)
to service_role;

-- Stores the findings of the claimed parts (jobs/has_job_hook.sql): the result is {base, assertions,
-- snapshot, facts}, as for commit_assertions, with any other members to keep. The answer is {dossier}, the
-- answer of commit_assertions: if its tail is not null, fold the tail and call commit_assertions. has_more
-- is true while unread text is left. A step that only folds the log has no spans.
create or replace function private.dossier_extraction_store(
  job public.jobs, step public.job_steps, made jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  -- Text beyond this is not read: the core takes a megabyte.
  max_read_bytes constant integer := 1000000;
  outcome constant jsonb := made -> 'result';
  project_of_session uuid;
  dossier jsonb;
begin
  select project_id into project_of_session
  from public.sessions where session_id = job.session_id;
  if (made ->> 'already')::boolean then
    return jsonb_build_object('answer', jsonb_build_object(
      'dossier', private.dossier_since(project_of_session, outcome)));
  end if;
  dossier := private.add_assertions(project_of_session, outcome, null);
  update public.message_extractions waiting
  set read_bytes = span.to_byte,
      is_done = span.to_byte >= max_read_bytes or span.to_byte >= (
        select octet_length(private.sent_text(message)) from public.messages message
        where message.message_id = span.message_id),
      failures = 0
  from jsonb_to_recordset(nullif(step.payload -> 'spans', 'null')) as span (
    message_id uuid, from_byte integer, to_byte integer)
  where waiting.session_id = job.session_id and waiting.message_id = span.message_id
    and waiting.read_bytes = span.from_byte;
  return jsonb_build_object(
    'result', outcome - array['base', 'assertions', 'snapshot', 'facts'],
    'answer', jsonb_build_object('dossier', dossier),
    'has_more', exists (select from private.unread_on_path(job.session_id)));
end
$$;

revoke all on function private.dossier_extraction_store(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_extraction_store(public.jobs, public.job_steps, jsonb)
to service_role;

-- The input for summarising the next part of a session: {previous_summary | null, messages: [{role,
-- content}], until_message_id}; null when nothing is left to do. Bounded in messages and bytes: the rest is
-- another part. A message that is longer than a part is summarised in pieces, with what is attached to it; the
-- summary up to a place inside of it is kept in the job's payload as `partial`: {message_id, revision, bytes,
-- read_bytes, base, summary}. It counts no more if the message has changed, or the summary before it, its base.
create or replace function private.session_summary_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_messages constant integer := 200;
  max_bytes constant integer := 65536;
  no_limit constant integer := 2147483647;
  wanted_id constant uuid := (job.payload ->> 'until_message_id')::uuid;
  goal public.messages;
  covered public.session_summaries;
  covered_depth integer;
  partial constant jsonb := job.payload -> 'partial';
  base text;
  previous text;
  bytes_left integer := max_bytes;
  message record;
  from_byte integer;
  rest text;
  piece text;
  messages jsonb := '[]';
  until_id uuid;
  ends_inside jsonb;
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

  previous := covered.summary;
  base := concat(covered.until_message_id, ' ', covered.created_at);
  for message in
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
    ordered as (
      select * from listed order by depth limit max_messages
    )
    select said.message_id, said.role, said.revision, said.content
    from ordered
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select whole.message_id, whole.role, whole.revision,
        private.without_forgotten(whole) || case when whole.role = 'user'
          then private.attached_text(whole.metadata) else '' end as content
      from public.messages whole
      where whole.message_id = ordered.message_id
      limit 1
    ) said
    order by ordered.depth
  loop
    from_byte := 0;
    if until_id is null and partial ->> 'message_id' = message.message_id::text
      and (partial ->> 'revision')::integer = message.revision
      and (partial ->> 'bytes')::integer = octet_length(message.content)
      and partial ->> 'base' = base
    then
      from_byte := (partial ->> 'read_bytes')::integer;
      previous := partial ->> 'summary';
    end if;
    rest := private.text_part(message.content, from_byte, octet_length(message.content));
    exit when until_id is not null and octet_length(rest) > bytes_left;
    piece := private.text_part(rest, 0, bytes_left);
    until_id := message.message_id;
    bytes_left := bytes_left - octet_length(piece);
    if piece <> '' then
      messages := messages || jsonb_build_object('role', message.role, 'content', piece);
    end if;
    if octet_length(piece) < octet_length(rest) then
      ends_inside := jsonb_build_object(
        'message_id', message.message_id, 'revision', message.revision,
        'bytes', octet_length(message.content), 'read_bytes', from_byte + octet_length(piece),
        'base', base);
      exit;
    end if;
  end loop;
  work := jsonb_build_object(
    'previous_summary', previous, 'messages', messages, 'until_message_id', until_id);
  -- The step keeps them for private.session_summary_store.
  update public.job_steps
  set payload = payload
    || jsonb_build_object('next_message_id', until_id, 'ends_inside', ends_inside)
  where job_id = step.job_id and job_steps.step = session_summary_work.step.step;
  return work;
end
$$;

revoke all on function private.session_summary_work(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.session_summary_work(public.jobs, public.job_steps, jsonb) to service_role;

-- Stores a summary that was made (jobs/has_job_hook.sql): the result is {summary} and whatever else is worth
-- keeping. There is more to do while what was summarised does not reach as far as it should.
create or replace function private.session_summary_store(
  job public.jobs, step public.job_steps, made jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_summary_bytes constant integer := 8192;
  outcome constant jsonb := made -> 'result';
  next_id constant uuid := (step.payload ->> 'next_message_id')::uuid;
begin
  if (made ->> 'already')::boolean then
    return '{}';
  end if;
  if jsonb_typeof(outcome -> 'summary') is distinct from 'string'
    or octet_length(outcome ->> 'summary') not between 1 and max_summary_bytes then
    perform private.refuse(422, 'invalid_request',
      format('result.summary must be a text of 1 to %s bytes.', max_summary_bytes));
  end if;
  if jsonb_typeof(step.payload -> 'ends_inside') = 'object' then
    update public.jobs
    set payload = payload || jsonb_build_object('partial',
      step.payload -> 'ends_inside' || jsonb_build_object('summary', outcome -> 'summary'))
    where job_id = job.job_id;
    return jsonb_build_object('result', outcome - 'summary', 'has_more', true);
  end if;
  update public.jobs set payload = payload - 'partial'
  where job_id = job.job_id and payload ? 'partial';
  insert into public.session_summaries (
    session_id, until_message_id, owner_id, until_position, summary, created_at)
  select job.session_id, message.message_id, job.owner_id, message.position,
    outcome ->> 'summary', clock_timestamp()
  from public.messages message
  where message.message_id = next_id
  on conflict (session_id, until_message_id) do update
  set summary = excluded.summary, created_at = excluded.created_at, is_stale = false
  where session_summaries.is_stale;
  return jsonb_build_object(
    'result', outcome - 'summary',
    'has_more', next_id::text <> job.payload ->> 'until_message_id');
end
$$;

revoke all on function private.session_summary_store(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.session_summary_store(public.jobs, public.job_steps, jsonb)
to service_role;

-- Adds a job for a summary after a turn whose prompt left out messages, or parts of them, that no summary
-- covers; also if the next turn's prompt will leave them out, because a long text has come with this turn. The
-- session is locked.
create or replace function private.plan_summary() returns trigger
language plpgsql set search_path = '' as $$
declare
  max_steps constant integer := 1000;
  failure_pause constant interval := '1 hour';
  question public.messages;
  covered public.session_summaries;
  leaf_id uuid;
  until_depth integer;
  whole_from_depth integer := coalesce(new.whole_from_depth, new.sent_from_depth);
  is_long constant boolean := coalesce(
    greatest(new.saved_bytes, (
      select octet_length(private.sent_text(message)) from public.messages message
      where message.message_id = new.user_message_id))
      > private.bytes_of_tokens(new.history_budget_tokens / 4), false);
begin
  if whole_from_depth = 1 and not is_long then
    return null;
  end if;
  -- Most turns were sent a summary that covers what they left out, or find a job that waits for its worker or
  -- has failed: after a failure, models are not asked again with every turn. What a job that waits does not
  -- cover yet, a later turn finds.
  if not is_long and whole_from_depth - 1 <= (
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
  leaf_id := question.parent_id;
  if is_long then
    -- As the next turn will be sent it, beside this turn's reply, whose message is not there yet.
    leaf_id := question.message_id;
    select coalesce(next_turn.whole_from_depth, question.depth + 1) into whole_from_depth
    from private.read_history(
      new.owner_id, leaf_id, new.history_budget_tokens - new.saved_bytes / 4, null) next_turn;
  end if;
  if whole_from_depth = 1 then
    return null;
  end if;
  covered := private.summary_on_path(new.session_id, leaf_id, max_steps);
  if whole_from_depth - 1 <= (
    select depth from public.messages where message_id = covered.until_message_id)
  then
    return null;
  end if;
  -- The summary includes half of the messages that still fitted, in whole turns, so that it also covers
  -- messages that the next turns leave out, and a model is not asked after each turn.
  until_depth := whole_from_depth - 1 + greatest(question.depth - whole_from_depth, 0) / 4 * 2;
  perform private.add_job(jsonb_build_object(
    'kind', 'session_summary', 'owner_id', new.owner_id, 'session_id', new.session_id,
    'merge_key', 'session', 'merge', 'open', 'payload', jsonb_build_object(
      'until_message_id', private.message_on_path(leaf_id, until_depth))));
  return null;
end
$$;

revoke all on function private.plan_summary() from public, anon, authenticated, service_role;

create trigger plan_summary after update of status on public.generations
  for each row when (
    old.status = 'streaming' and new.status <> 'streaming' and new.sent_from_depth is not null)
  execute function private.plan_summary();
