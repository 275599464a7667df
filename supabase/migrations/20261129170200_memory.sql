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

