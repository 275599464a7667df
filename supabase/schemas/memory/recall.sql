-- The memories in a turn's prompt, and the record of them.

-- The memories that matter for the given text, the most relevant first: {texts, memory_ids, tokens}. Pinned
-- ones always do; others do if they share a word with it that is rare among the memories. At most max_tokens.
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

-- The text for the model, after the system prompt; '' for none.
create function private.tell_memories(texts jsonb) returns text
language sql immutable
return coalesce((
  select E'\n\nWhat you remember of the user, from what they have told you themselves. It is up to date: what '
    || E'contradicts it in earlier messages or in a summary is out of date. Use it where it fits, and do not '
    || E'recite it:\n' || string_agg('- ' || said.text, E'\n' order by said.place)
  from jsonb_array_elements_text(texts) with ordinality as said (text, place)), '');

-- The request of a turn with a companion, with its memories: memory_ids, and memory_text, which is sent after
-- the system prompt, and whose tokens reduce the history's.
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

-- The memories in a generation's prompt: [{memory_id, type, text, date, message_id}]; for those that are gone
-- since, only the id.
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
