-- A session that is not over has an open job, due at the earliest possible end. So a session ends and is
-- summarised whether its last connection leaves or dies.

-- How long a connection may be unseen before it is gone. Connections are renewed at least every 20 seconds.
create function private.gone_after() returns interval
language sql immutable parallel safe
return interval '60 seconds';

-- Plans the session's end for this time; the session is locked.
create function private.plan_realtime_summary(wanted_session_id uuid, due_at timestamptz) returns void
language plpgsql set search_path = '' as $$
begin
  perform private.add_job(jsonb_build_object(
    'kind', 'realtime_summary', 'owner_id', session.owner_id, 'session_id', session.session_id,
    'merge_key', 'session', 'run_after', due_at))
  from public.sessions session
  where session.session_id = wanted_session_id;
end
$$;

-- Records activity in the session, which is locked. If the session had ended, it begins again, without the
-- old summary. is_present means that somebody is connected.
create function private.resume_realtime_session(wanted_session_id uuid, is_present boolean) returns boolean
language plpgsql set search_path = '' as $$
declare
  live public.live_sessions;
begin
  select * into live from public.live_sessions where session_id = wanted_session_id;
  if not found or not is_present and live.end_time is null then
    return false;
  end if;
  update public.live_sessions
  set visit = visit + (end_time is not null)::integer,
      present_until = case when is_present then clock_timestamp() else present_until end,
      end_time = null,
      summary = null
  where session_id = wanted_session_id;
  if live.end_time is not null then
    perform private.plan_realtime_summary(
      wanted_session_id, clock_timestamp() + make_interval(secs => live.left_seconds));
  end if;
  return live.end_time is not null;
end
$$;

-- A session that begins with a turn, and perhaps is never opened, must end too.
create function private.begin_live_session() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.live_sessions (session_id, owner_id, present_until)
  values (new.session_id, new.owner_id, clock_timestamp());
  perform private.plan_realtime_summary(
    new.session_id, clock_timestamp() + private.gone_after());
  return null;
end
$$;

-- Another path makes a summary invalid.
create function private.follow_realtime_path() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.resume_realtime_session(new.session_id, false);
  return null;
end
$$;

revoke all on function
  private.gone_after(),
  private.plan_realtime_summary(uuid, timestamptz),
  private.resume_realtime_session(uuid, boolean),
  private.begin_live_session(),
  private.follow_realtime_path()
from public, anon, authenticated, service_role;
grant execute on function
  private.gone_after(),
  private.plan_realtime_summary(uuid, timestamptz),
  private.resume_realtime_session(uuid, boolean)
to service_role;

create trigger begin_live_session after insert on public.sessions
  for each row when (new.kind = 'realtime') execute function private.begin_live_session();

create trigger follow_realtime_path after update of active_leaf_id on public.sessions
  for each row when (
    new.kind = 'realtime' and old.active_leaf_id is distinct from new.active_leaf_id)
  execute function private.follow_realtime_path();
