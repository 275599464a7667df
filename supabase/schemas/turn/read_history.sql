-- A conversation's history for a prompt: the newest messages on the path to the leaf that fit into the
-- budget, oldest first, starting with a user's message or the conversation's first, as [{"role", "content"}];
-- and the depth of the first, null when there is none. The cost depends on the result, not on the
-- conversation's length. Reads with the principal's rights.
--
-- A parent arrives before its answers, so the path is met on the way back through the session in the order of
-- arrival. Read in this order, messages lie beside each other; following each parent_id by its index would
-- cost four pages for each message. Takes that are not on the path are read in vain: after a few of them the
-- reading goes on at the message that is next on the path.
create function private.read_history(
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

revoke all on function private.read_history(uuid, uuid, integer)
from public, anon, authenticated, service_role;
grant execute on function private.read_history(uuid, uuid, integer) to service_role;
