-- A conversation's history for a prompt: the newest messages on the path to the leaf that fit into the
-- budget, oldest first, as [{"role", "content"}], with their attached texts. A message that exceeds the
-- remaining budget is cut to it (private.cut_text), and the history begins there. It begins with a user's
-- message or the conversation's first, unless nothing else fits. An unanswered user's message that is
-- repeated, in newer_text or the history, is left out.
--
-- Returns also the depth of the first message, the first depth from which none is cut (both null when there is
-- none), the bytes to which texts were cut, by message_id, and the total tokens. The cost depends on the
-- result, not on the conversation's length. Reads with the principal's rights.
--
-- A parent arrives before its answers, so the path is met on the way back through the session in the order of
-- arrival. Read in this order, messages are adjacent; following each parent_id by its index would cost four
-- pages for each message. Takes that are not on the path are read unnecessarily: after a few of them reading
-- continues at the next message on the path.
create function private.read_history(
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
