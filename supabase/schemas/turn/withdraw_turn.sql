-- Withdraws a call of begin_turn whose caller has given up, because it was not answered in time: whether the
-- call has run, is running, or still waits somewhere, it leaves no turn. No clock is used, so neither delays
-- nor wrong clocks matter.

-- From here to the end of the transaction, begin_turn and withdraw_turn of the same call exclude each other.
create function private.lock_call(call_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(call_id::text, 2));
end
$$;

-- Refuses to begin a turn that was given up: `call_id` is withdrawn, or more than `wait_ms` has passed since
-- the transaction began. begin_turn calls it when it has its locks.
create function private.check_still_awaited(call_id uuid, wait_ms integer) returns void
language plpgsql set search_path = '' as $$
begin
  if clock_timestamp() > transaction_timestamp() + make_interval(secs => wait_ms / 1000.0)
    or exists (
      select from public.withdrawn_calls withdrawn
      where withdrawn.call_id = check_still_awaited.call_id)
  then
    perform private.refuse(503, 'database_unavailable',
      'This took too long, and nothing was begun: send the request again.', '1');
  end if;
end
$$;

-- Undoes the turn that a call of begin_turn has begun, or prevents it: {call_id}; returns {withdrawn}, true
-- when a turn was undone. Calling again changes nothing.
create function public.withdraw_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  wanted_call_id constant uuid := private.read_id(request, 'call_id');
  generation public.generations;
  question public.messages;
  session public.sessions;
  leaf_id uuid;
  is_withdrawn boolean := false;
begin
  if wanted_call_id is null then
    perform private.refuse(422, 'invalid_request', 'call_id must name a call of begin_turn.');
  end if;
  perform private.lock_call(wanted_call_id);
  insert into public.withdrawn_calls (call_id) values (wanted_call_id) on conflict do nothing;

  perform from public.sessions
  where session_id = (
    select session_id from public.generations where call_id = wanted_call_id)
  for no key update;
  select * into generation from public.generations
  where call_id = wanted_call_id
  for no key update;
  if not found then
    return jsonb_build_object('withdrawn', false);
  end if;
  select * into question from public.messages
  where message_id = generation.user_message_id and generation.action in ('say', 'edit');
  if question.created_at <> generation.started_at then
    -- It answers an earlier call's question, whose writer has died without storing text: it is ended the same
    -- way.
    is_withdrawn := generation.status = 'streaming' and generation.save_count = 0;
    if is_withdrawn then
      perform private.end_for_silence(generation);
    end if;
    return jsonb_build_object('withdrawn', is_withdrawn);
  end if;
  is_withdrawn := private.forget_run(generation);
  if is_withdrawn and question.message_id is not null then
    leaf_id := question.parent_id;
    if generation.action = 'edit' then
      -- The path went on through the edited message.
      select private.newest_leaf_below(message) into leaf_id
      from public.messages message
      where message.session_id = question.session_id
        and message.parent_id is not distinct from question.parent_id
        and message.message_id <> question.message_id
      order by message.position desc
      limit 1;
    end if;
    update public.sessions
    set active_leaf_id = case when active_leaf_id = question.message_id then leaf_id
          else active_leaf_id end,
        turn_count = turn_count - (turn_count = question.turn_number)::integer,
        message_count = message_count - (message_count = question.position)::integer
    where session_id = generation.session_id
    returning * into session;
    delete from public.messages where message_id = question.message_id;
    -- The session was made for this turn alone, with what it was given before the question.
    if generation.epoch = 1
      and not exists (
        select from public.messages
        where session_id = session.session_id and created_at <> session.created_at)
      and not exists (
        select from public.live_sessions
        where session_id = session.session_id and opened_at is not null)
    then
      delete from public.sessions where session_id = session.session_id;
      delete from public.projects
      where project_id = session.project_id and created_at = session.created_at;
    end if;
  end if;
  return jsonb_build_object('withdrawn', is_withdrawn);
end
$$;

revoke all on function
  private.lock_call(uuid),
  private.check_still_awaited(uuid, integer),
  public.withdraw_turn(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.lock_call(uuid),
  private.check_still_awaited(uuid, integer),
  public.withdraw_turn(jsonb)
to service_role;
